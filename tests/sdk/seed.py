"""Makes a few tasks, assets and uploads, and writes down their ids and the addresses of videos for schemathesis."""

import os
import sys
import time

import requests

api, headers = os.environ["LOCAL_URL"], {"x-api-key": os.environ["LOCAL_KEY"]}
base = f"{api}/embed/tasks"
videos, folder = sys.argv[1:]
addresses = [f"{videos}/{name}.mp4" for name in ("four_shots", "silent", "tiny", "too_small", "cut")]
ids = ["0123456789abcdef01234567"]
for address in addresses[:3]:
    response = requests.post(base, headers=headers, files={"model_name": (None, "marengo3.0"), "video_url": (None, address)})
    response.raise_for_status()
    ids.append(response.json()["_id"])
    while requests.get(f"{base}/{ids[-1]}/status", headers=headers).json()["status"] == "processing":
        time.sleep(0.05)
assets, uploads = ids[:1], ids[:1]
for address in addresses:
    form = {"method": (None, "url"), "url": (None, address)}
    response = requests.post(f"{api}/assets", headers=headers, files=form)
    response.raise_for_status()
    assets.append(response.json()["_id"])
    body = {"filename": "a.mp4", "type": "video", "total_size": 20 << 20}
    response = requests.post(f"{api}/assets/multipart-uploads", headers=headers, json=body)
    response.raise_for_status()
    uploads.append(response.json()["upload_id"])
for name, lines in ("ids", ids), ("addresses", addresses), ("assets", assets), ("uploads", uploads):
    with open(f"{folder}/{name}.txt", "w") as file:
        file.writelines(f'"{line}"\n' for line in lines)
