"""Many jobs with a journal in ZooKeeper: what they leave there, and in the processes.

A third of them is slow enough to go on record, one in a hundred writes. What has ended is forgotten but for
the last thousand; the records of writes stay for a day, and are counted apart."""

import collections
import concurrent.futures
import os
import re
import sys

sys.dont_write_bytecode = True
import cluster as harness
from support.znodes import Failed, Session

SESSIONS = 8
BATCH, SLOW = 100, 30
ANSWER = ["25", "300"]
TEXT = "SELECT count(*), sum(n_nationkey) FROM nation"


def run_batch(cluster, views, folder):
    """One session: statements that read at once, slow ones, and one that writes."""
    texts = [
        *views,
        *[TEXT] * (BATCH - SLOW - 1),
        "SET weft.test.taskDelay = 120ms",
        *[TEXT] * SLOW,
    ]
    texts += ["SET weft.test.taskDelay = 0ms"]
    texts += [f"INSERT OVERWRITE DIRECTORY '{folder}' USING parquet SELECT * FROM nation"]
    called = cluster.sql(texts, timeout=600)
    answers = [rows[1] for rows in called.rows if rows and rows[0][0].startswith("count")]
    if called.code != 0 or answers != [ANSWER] * (BATCH - 1):
        raise harness.ClusterError(f"a batch of jobs: {called.message or answers}")


def run_jobs(cluster, views, count):
    """About so many jobs by a few sessions at a time; how many."""

    def lane(number):
        folder = os.path.join(cluster.folder, f"table{number}")
        for _ in range(count // BATCH // SESSIONS):
            run_batch(cluster, views, folder)
        return count // BATCH // SESSIONS * BATCH

    with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
        return sum(pool.map(lane, range(SESSIONS)))


def open_session(cluster):
    with open(f"{cluster.keys}/zookeeper.secret", encoding="ascii") as file:
        login = dict(re.findall(r"(\S+) = (\S+)", file.read()))
    return Session("127.0.0.1", cluster.zookeeper.ports[0], f"{login['user']}:{login['password']}")


def count_nodes(cluster):
    """Nodes and bytes of them, those of writes apart; and what ZooKeeper has on its disk."""
    owners, kinds = (
        collections.defaultdict(lambda: [0, 0]),
        collections.defaultdict(set),
    )
    with open_session(cluster) as zk:
        for uuid in zk.children("/weft/default/journal"):
            try:
                for name in zk.children(f"/weft/default/journal/{uuid}"):
                    value = zk.get(f"/weft/default/journal/{uuid}/{name}")
                    owners[uuid][0] += 1
                    owners[uuid][1] += len(value)
                    kinds[uuid].add(name.split("-")[0])
            except Failed:
                pass  # it is being forgotten
    counted = collections.Counter()
    for uuid, (nodes, size) in owners.items():
        what = "writes" if "DECISION" in kinds[uuid] else "others"
        counted[f"{what}"] += 1
        counted[f"{what}_nodes"] += nodes
        counted[f"{what}_bytes"] += size
    home = os.path.join(cluster.zookeeper.folder, "zookeeper-1", "data")
    disk = sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(home) for name in names)
    return {
        **counted,
        "all_nodes": int(cluster.zookeeper.value(0, "zk_znode_count")),
        "disk_bytes": disk,
    }
