"""Contacts in windows, by Dagster's dynamic outputs."""

import tap
from dagster import DynamicOut, DynamicOutput, Out, Output, RetryPolicy, job, op


@op(out={"windows": DynamicOut(), "all_windows": Out()})
def plan():
    windows = tap.plan()
    for number, window in enumerate(windows):
        yield DynamicOutput(window, mapping_key=str(number), output_name="windows")
    yield Output(windows, "all_windows")


# Dagster tries each window again by itself.
@op(retry_policy=RetryPolicy(max_retries=3))
def read(window):
    return tap.read(window)


@op
def load(paths, windows):
    for path in paths:
        print(path)  # Load it into the warehouse, and merge by id.
    tap.finish(windows)


@job
def contacts():
    windows, all_windows = plan()
    load(windows.map(read).collect(), all_windows)
