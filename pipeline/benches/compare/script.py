"""A folder of videos into a Parquet file, as one writes it with the official SDK: a pool of threads, retries by the SDK, a checkpoint for each video."""

import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pyarrow
import pyarrow.parquet
from twelvelabs import TwelveLabs

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
client = TwelveLabs(api_key=os.environ["TWELVE_LABS_API_KEY"])
checkpoints = Path(f"{out}.tasks")
checkpoints.mkdir(exist_ok=True)


def task_of(path, digest):
    """The task of a file, created once: its id is written down before anything else."""
    known = checkpoints / digest
    if known.exists():
        return known.read_text()
    task = client.embed.tasks.create(model_name="marengo3.0", video_file=(path.name, path.read_bytes(), "video/mp4"))
    unfinished = known.with_suffix(".tmp")
    unfinished.write_text(task.id)
    os.replace(unfinished, known)
    return task.id


def embed(path):
    digest = hashlib.blake2b(path.read_bytes()).hexdigest()[:32]
    task = task_of(path, digest)
    status = client.embed.tasks.wait_for_done(task_id=task, sleep_interval=0.1)
    if status.status != "ready":
        raise RuntimeError(f"{path}: the task {task} is {status.status}")
    result = client.embed.tasks.retrieve(task, embedding_option=["visual", "audio"])
    return [
        {
            "source": str(path),
            "content_hash": digest,
            "task": task,
            "option": segment.embedding_option,
            "scope": segment.embedding_scope,
            "start_sec": segment.start_offset_sec,
            "end_sec": segment.end_offset_sec,
            "vector": segment.float_,
        }
        for segment in result.video_embedding.segments
    ]


rows, failures = [], []
with ThreadPoolExecutor(8) as pool:
    futures = {pool.submit(embed, path): path for path in sorted(folder.glob("*.mp4"))}
    for future in as_completed(futures):
        try:
            rows += future.result()
        except Exception as error:
            failures.append({"source": str(futures[future]), "reason": repr(error)})
schema = pyarrow.Table.from_pylist(rows[:1]).schema
schema = schema.set(schema.get_field_index("vector"), pyarrow.field("vector", pyarrow.list_(pyarrow.float32(), 512)))
pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), out)
print(json.dumps({"rows": len(rows), "failures": failures}))
sys.exit(bool(failures))
