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
