/* worker/metric_list.h - X(kind, name, help, value) of a worker's metrics; docs/monitoring.md tells the same.
 * value is an expression over what worker/http.c has read. */
X(gauge, "weft_worker_slots", "Tasks that it can run at once", o->slots)
X(gauge, "weft_worker_tasks_running", "Tasks that it runs", weft_worker_busy(o->worker))
X(gauge, "weft_worker_memory_used_bytes", "Memory that data takes", weft_pool_used_bytes(o->pool))
X(gauge, "weft_worker_memory_limit_bytes", "Memory that data may take", weft_pool_limit_bytes(o->pool))
X(gauge, "weft_worker_store_bytes", "Memory of the blocks that it keeps",
  weft_account_used_bytes(weft_store_account(weft_worker_store(o->worker))))
X(counter, "weft_worker_served_bytes_total", "Bytes of blocks that others fetched from it", served.bytes)
X(counter, "weft_worker_served_pages_total", "Pages of blocks that others fetched from it", served.pages)
X(counter, "weft_worker_served_busy_total", "Requests for blocks that were told to come again", served.busy)
X(counter, "weft_worker_fetched_bytes_total", "Bytes of blocks that it fetched from others", fetched.bytes)
X(counter, "weft_worker_fetched_pages_total", "Pages of blocks that it fetched from others", fetched.pages)
X(gauge, "weft_worker_fetch_ahead_bytes", "Memory of pages that are fetched ahead", fetched.ahead_bytes)
X(gauge, "weft_worker_fetch_connections", "Connections to other workers", fetched.connections)
