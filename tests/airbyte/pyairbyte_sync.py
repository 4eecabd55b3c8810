"""One sync with PyAirbyte, as in a user's script. Its last line of output is a JSON summary.

pyairbyte_sync.py <executable> <configuration> <database>
"""

import json
import sys

import airbyte
from airbyte.caches import DuckDBCache

executable, config, database = sys.argv[1:]
source = airbyte.get_source("source-revops", config=json.loads(config), local_executable=executable)
source.check()
streams = source.get_available_streams()
source.select_all_streams()
result = source.read(cache=DuckDBCache(db_path=database))
print(json.dumps({"streams": streams, "records": result.processed_records}))
