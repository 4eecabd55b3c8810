"""Contacts in windows, by Airflow's dynamic task mapping."""

import tap
from airflow.sdk import dag, task


@dag(schedule=None)
def contacts():
    @task
    def plan():
        return tap.plan()

    # Airflow tries each window again by itself.
    @task(retries=3)
    def read(window):
        return tap.read(window)

    @task
    def load(paths, windows):
        for path in paths:
            print(path)  # Load it into the warehouse, and merge by id.
        tap.finish(windows)

    windows = plan()
    load(read.expand(window=windows), windows)


contacts()
