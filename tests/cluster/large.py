"""Large records of a cluster with several coordinators: where they lie, and a statement that makes them."""

import glob
import os
import subprocess
import sys

sys.dont_write_bytecode = True
from cluster import WEFT, Process, until
from support import zookeeper

NAME_DIGITS = 64  # of a blob's file; one that is being written has more
LITERAL_BYTES = 100
ROWS, KEY_BYTES = 120000, 5  # of the small tables' lineitem, and of its keys as text: or a little more


def blobs(cluster, index, kind="records"):
    """Bytes by name, of those that this coordinator has whole."""
    folder = os.path.join(cluster.folder, f"work{index + 1}", "blobs", kind)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = {}
    for name in names:
        if len(name) == NAME_DIGITS:
            try:
                found[name] = os.path.getsize(os.path.join(folder, name))
            except FileNotFoundError:  # swept meanwhile
                pass
    return found


def query(table, size, column="l_comment"):
    """A grouping of a table's rows of `size` bytes of text: none of its many literals is in the table."""
    count = size // (LITERAL_BYTES + 4)
    literals = ", ".join(f"'{number:0{LITERAL_BYTES}d}'" for number in range(count))
    return (
        f"SELECT l_returnflag, count(*) FROM parquet.`{table}` WHERE {column} NOT IN ({literals}) "
        "GROUP BY l_returnflag ORDER BY l_returnflag"
    )


def parquet_file(folder, name, table, size):
    """One Parquet file of at least `size` bytes: a column and long texts, of lineitem, not compressed."""
    path, target = os.path.join(folder, name), os.path.join(folder, name + ".d")
    times = size // (ROWS * KEY_BYTES) + 1
    query = (
        "SET weft.sql.parquet.compression.codec = none;"
        f"INSERT OVERWRITE DIRECTORY '{target}' USING parquet "
        f"SELECT l_returnflag, repeat(concat(l_orderkey, '-', l_linenumber), {times}) AS c "
        f"FROM parquet.`{table}` LIMIT {1 << 30}"
    )
    subprocess.run([WEFT, "sql", "-S", "-e", query, "--master", "local[1]"], check=True, capture_output=True)
    (made,) = glob.glob(os.path.join(target, "*.parquet"))
    os.replace(made, path)
    assert os.path.getsize(path) >= size
    return path


def script(cluster, statements):
    """A `weft sql` that runs these from a file; what it says goes to its output."""
    name = f"client{len(cluster.clients) + 1}"
    path = os.path.join(cluster.folder, f"{name}.sql")
    with open(path, "w", encoding="utf-8") as file:
        file.write(";\n".join(statements) + ";\n")
    words = [WEFT, "sql", "-S", "-f", path, "--format", "csv"]
    words += ["--master", cluster.url, "--keys", cluster.keys]
    cluster.clients.append(Process(name, words, cluster.folder))
    return cluster.clients[-1]


def finish(client, seconds=300):
    """Wait for a script; what it printed."""
    until(lambda: not client.alive, f"end of {client.name}", seconds)
    return client.text()


def counted(cluster):
    """Nodes and bytes of ZooKeeper's tree."""
    lines = zookeeper.ask("127.0.0.1", cluster.zookeeper.ports[0], "mntr").splitlines()
    values = dict(line.split("\t", 1) for line in lines if "\t" in line)
    return {"znodes": int(values["zk_znode_count"]), "bytes": int(values["zk_approximate_data_size"])}


def being_written(cluster, index):
    """Files of sessions that this coordinator has in part."""
    folder = os.path.join(cluster.folder, f"work{index + 1}", "blobs", "artifacts")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return [name for name in names if len(name) > NAME_DIGITS]


def catch_upload(cluster, client):
    """The client stands still while its leader has a part of its file; the leader. None: it was too fast."""
    leader = until(lambda: (cluster.leader(),), "leader")[0]
    whole = lambda: blobs(cluster, leader, "artifacts")  # noqa: E731
    until(lambda: not client.alive or being_written(cluster, leader) or whole(), "file")
    if not client.alive:
        return None
    client.pause()
    return leader if being_written(cluster, leader) else None


def kill_leader(cluster, leader):
    """Until another one leads."""
    cluster.coordinators[leader].kill()
    cluster.until_leads({index for index in range(cluster.count) if index != leader})
