"""Annotating many articles: inputs are cut into shards, each shard becomes one Parquet file, on this machine or on a Ray cluster.

`inputs` finds and cuts, `readers` reads a shard's rows, `shard` annotates one, `local` and `cluster` run them all, `run` is the whole
job with its manifest, `summary` the page at its end. A part that exists is done: any run of the same command goes on with the rest.
"""
