#!/bin/sh
# Makes the clips in this folder, all from synthetic pictures and tones: ours to give away. Needs ffmpeg with x264.
# The clips in the repository stay as they are: vectors in tests are pinned to their bytes, and encoders differ in theirs.
set -eu
cd "$(dirname "$0")"

# Four shots of 3.5 s each, with a tone of their own: 14 s, 640x360, H.264 and AAC.
ffmpeg -hide_banner -loglevel error -y \
  -f lavfi -i "gradients=size=640x360:rate=24:duration=3.5:seed=7:speed=0.03" \
  -f lavfi -i "mandelbrot=size=640x360:rate=24:start_scale=1.2:end_pts=90" \
  -f lavfi -i "testsrc2=size=640x360:rate=24:duration=3.5" \
  -f lavfi -i "life=size=160x90:rate=24:ratio=0.2:seed=3:mold=10:life_color=#00e0a0:death_color=#301050,scale=640:360:flags=neighbor" \
  -f lavfi -i "aevalsrc='0.3*sin(2*PI*t*(220+110*floor(t/3.5)))*(0.6+0.4*sin(2*PI*t*2))':sample_rate=44100:duration=14" \
  -filter_complex "[0:v]trim=duration=3.5,setpts=PTS-STARTPTS,format=yuv420p[a];[1:v]trim=duration=3.5,setpts=PTS-STARTPTS,format=yuv420p[b];[2:v]trim=duration=3.5,setpts=PTS-STARTPTS,format=yuv420p[c];[3:v]trim=duration=3.5,setpts=PTS-STARTPTS,format=yuv420p[d];[a][b][c][d]concat=n=4:v=1:a=0[v]" \
  -map "[v]" -map 4:a -c:v libx264 -preset veryslow -crf 37 -g 48 -pix_fmt yuv420p -c:a aac -b:a 64k -ac 1 \
  -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -movflags +faststart four_shots.mp4

# The same pictures without sound, 5 s.
ffmpeg -hide_banner -loglevel error -y -i four_shots.mp4 -t 5 -an -c:v libx264 -preset veryslow -crf 34 -pix_fmt yuv420p \
  -map_metadata -1 -fflags +bitexact -flags:v +bitexact -movflags +faststart silent.mp4

# Too small for the platform.
ffmpeg -hide_banner -loglevel error -y -f lavfi -i "testsrc2=size=320x180:rate=12:duration=5" -c:v libx264 -preset veryslow -crf 38 \
  -pix_fmt yuv420p -map_metadata -1 -fflags +bitexact -flags:v +bitexact -movflags +faststart too_small.mp4

# As small as a good video can be, for tests that need thousands.
ffmpeg -hide_banner -loglevel error -y -f lavfi -i "color=c=teal:size=360x360:rate=1:duration=4" -c:v libx264 -preset veryslow -crf 40 \
  -x264-params no-info=1 -pix_fmt yuv420p -map_metadata -1 -fflags +bitexact -flags:v +bitexact -movflags +faststart tiny.mp4

# Sixteen shots of 4 s, each with a sound of its own, to see that what is alike is found: 64 s, 640x360, H.264 and AAC.
quiet="-hide_banner -loglevel error -y"
exact="-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=10
shot() { # a source of pictures, a source of sound
  ffmpeg $quiet -f lavfi -i "$1" -f lavfi -i "$2" -filter_complex \
    "[0:v]fps=8,scale=640:360,setsar=1,trim=duration=4,setpts=PTS-STARTPTS,format=yuv420p[v];[1:a]aresample=32000,aformat=channel_layouts=mono,atrim=duration=4[a]" \
    -map "[v]" -map "[a]" -c:v ffv1 -c:a pcm_s16le "$folder/$number.mkv"
  echo "file $number.mkv" >>"$folder/list"
  number=$((number + 1))
}
size=size=640x360:rate=8
shot "gradients=$size:duration=4:seed=7:speed=0.03" "sine=frequency=220"
shot "mandelbrot=$size:start_scale=1.2:end_pts=90" "sine=frequency=660"
shot "testsrc=$size" "aevalsrc='0.4*sin(2*PI*330*t)*(0.5+0.5*sin(2*PI*3*t))'"
shot "life=size=80x45:rate=8:ratio=0.15:seed=3:mold=10:life_color=#00e0a0:death_color=#301050,scale=640:360:flags=neighbor" "anoisesrc=color=pink:amplitude=0.4:seed=1"
shot "smptebars=$size,rotate=0.3*t" "aevalsrc='0.4*sin(2*PI*(200+300*t)*t)'"
shot "gradients=$size:duration=4:seed=21:speed=0.05:type=radial:nb_colors=3" "sine=frequency=1500"
shot "color=c=gray:$size,geq=lum='128+110*sin(((X-320)*(X-320)+(Y-180)*(Y-180))/1500+T*6)':cb=128:cr=128" "anoisesrc=color=white:amplitude=0.2:seed=2,tremolo=f=6:d=0.9"
shot "sierpinski=$size:type=carpet:jump=12" "aevalsrc='0.4*gt(sin(2*PI*2*t),0.3)*sin(2*PI*880*t)'"
shot "color=c=navy:$size,drawbox=x=40:y=60:w=200:h=240:c=orange:t=fill,scroll=h=0.01" "sine=frequency=110:beep_factor=8"
shot "color=c=seagreen:$size,drawgrid=w=80:h=60:t=4:c=white,rotate=0.2*t:c=black" "aevalsrc='0.2*sin(2*PI*440*t)+0.2*sin(2*PI*554*t)+0.2*sin(2*PI*659*t)'"
shot "rgbtestsrc=$size,vflip,scroll=v=0.02" "anoisesrc=color=brown:amplitude=0.8:seed=3"
shot "cellauto=size=160x90:rate=8:rule=110:seed=5,scale=640:360:flags=neighbor" "aevalsrc='0.4*sin(2*PI*3000*t)*exp(-4*mod(t,0.5))'"
shot "color=c=gray:$size,geq=lum='128+90*sin(X/18+T*3)*cos(Y/26)':cb='128+60*sin(Y/60)':cr=128" "sine=frequency=5000"
shot "color=c=maroon:$size,drawbox=x=0:y=0:w=640:h=120:c=khaki:t=fill,drawbox=x=260:y=150:w=120:h=160:c=white:t=fill,scroll=v=0.015" "aevalsrc='0.3*sin(2*PI*150*t)*(1+sin(2*PI*9*t))'"
shot "gradients=$size:duration=4:seed=99:speed=0.02:type=spiral:c0=black:c1=yellow:c2=blue" "anoisesrc=color=blue:amplitude=0.3:seed=4"
shot "pal75bars=$size,hue=h=40*t,vflip" "aevalsrc='0.4*sin(2*PI*700*t+6*sin(2*PI*5*t))'"
ffmpeg $quiet -f concat -i "$folder/list" -c copy "$folder/all.mkv"
ffmpeg $quiet -i "$folder/all.mkv" -c:v libx264 -preset veryslow -crf 36 -g 32 -c:a aac -b:a 32k $exact -movflags +faststart shots.mp4

# The same again: coded worse, smaller, brighter and darker, and in other containers with other sound.
ffmpeg $quiet -i shots.mp4 -c:v libx264 -preset medium -profile:v baseline -crf 43 -g 40 -c:a libmp3lame -b:a 24k -ar 22050 $exact shots_coarse.mkv
ffmpeg $quiet -i shots.mp4 -vf scale=480:270 -c:v libx264 -preset veryslow -crf 41 -g 48 -c:a aac -b:a 20k $exact -f mpegts shots_small.ts
ffmpeg $quiet -i shots.mp4 -vf eq=brightness=0.1 -af volume=0.5 -c:v libx264 -preset veryslow -crf 43 -bf 0 -c:a libmp3lame -b:a 24k -ar 22050 $exact shots_bright.avi

# Other kinds of files, 4 s each.
ffmpeg $quiet -i silent.mp4 -t 4 -c:v libvpx-vp9 -b:v 10k -r 6 -deadline best $exact vp9.webm
ffmpeg $quiet -f lavfi -i "testsrc2=size=640x360:rate=6:duration=4" -f lavfi -i "sine=frequency=300:duration=4" -c:v libx264 -preset veryslow -crf 45 \
  -pix_fmt yuv420p -c:a libvorbis -b:a 32k $exact vorbis.mkv
ffmpeg $quiet -i tiny.mp4 -t 4 -c:v mpeg2video -b:v 40k $exact mpeg2.ts
ffmpeg $quiet -f lavfi -i "testsrc2=size=640x480:rate=6:duration=4" -vf setsar=8/9 -c:v libx264 -preset veryslow -crf 45 -pix_fmt yuv420p $exact \
  -movflags +faststart+frag_keyframe+empty_moov narrow_pixels.mp4
ffmpeg $quiet -i shots.mp4 -t 4 -c:v copy -an $exact -metadata:s:v rotate=90 -movflags +faststart turned.mov
ffmpeg $quiet -i tiny.mp4 -c copy $exact tiny.avi
ffmpeg $quiet -i tiny.mp4 -f lavfi -i "sine=frequency=300:duration=4" -c:v copy -c:a aac -b:a 16k $exact -mpegts_m2ts_mode 1 disc.m2ts
# Cut off in the middle of its pictures.
head -c 20000 silent.mp4 >cut.mp4

# A picture, a sound and a document, for the example that embeds anything, and the first two in other formats.
ffmpeg $quiet -f lavfi -i "color=c=navy:size=320x180,drawbox=x=20:y=30:w=100:h=120:c=orange:t=fill" -frames:v 1 $exact box.png
ffmpeg $quiet -i box.png -pix_fmt yuvj420p -q:v 8 $exact box.jpg
ffmpeg $quiet -f lavfi -i "sine=frequency=220:sample_rate=8000:duration=3" $exact tone.wav
ffmpeg $quiet -i tone.wav $exact tone.flac
printf '# Shot list\n\nA maroon wall with a khaki stripe. Nothing else.\n' >notes.md
