"""Makes a few tasks, and writes down their ids and the addresses of videos for schemathesis."""

import os
import sys
import time

import requests

base, headers = f"{os.environ['LOCAL_URL']}/embed/tasks", {"x-api-key": os.environ["LOCAL_KEY"]}
videos, folder = sys.argv[1:]
addresses = [f"{videos}/{name}.mp4" for name in ("four_shots", "silent", "tiny", "too_small", "cut")]
ids = ["0123456789abcdef01234567"]
for address in addresses[:3]:
    answer = requests.post(base, headers=headers, files={"model_name": (None, "marengo3.0"), "video_url": (None, address)})
    answer.raise_for_status()
    ids.append(answer.json()["_id"])
    while requests.get(f"{base}/{ids[-1]}/status", headers=headers).json()["status"] == "processing":
        time.sleep(0.05)
for name, lines in ("ids", ids), ("addresses", addresses):
    with open(f"{folder}/{name}.txt", "w") as file:
        file.writelines(f'"{line}"\n' for line in lines)
