/* coordinator/metric_list.h - what /metrics shows: X(kind, name, labels, help, value), in the terms of
 * http_metrics.c: s the cluster's status, sums what its workers and running jobs add up to, p the process, h
 * the HTTP server's counts. Rows of one name follow each other. docs/monitoring.md lists the names; a test
 * compares. */
X(gauge, "weft_build_info", "BUILD", "1; the version is a label", 1)
X(gauge, "weft_leader", "", "1 when this coordinator leads", s->leader)
X(gauge, "weft_epoch", "", "Number of the leadership", s->epoch)
X(gauge, "weft_leader_suspended", "", "1 when it leads, but has lost ZooKeeper for the moment",
  s->state == WEFT_COORDINATOR_SUSPENDED)
X(gauge, "weft_standby_relayed_connections", "", "Connections that it passes on to the leader", s->relayed)
X(counter, "weft_standby_relayed_bytes_total", "", "Bytes that it passed on to and from the leader",
  s->relayed_bytes)
X(counter, "weft_standby_refused_total", "", "Connections that it could not pass on", s->relays_refused)
X(gauge, "weft_workers", "{state=\"alive\"}", "Workers that are registered", sums.present)
X(gauge, "weft_workers", "{state=\"silent\"}", "Workers that are registered", sums.silent)
X(counter, "weft_workers_lost_total", "", "Workers that were declared dead", s->counts.workers_lost)
X(counter, "weft_workers_aside_total", "", "Workers set aside because attempt after attempt failed on them",
  s->counts.workers_aside)
X(gauge, "weft_slots", "", "Tasks that alive workers can run at once", sums.slots)
X(gauge, "weft_slots_used", "", "Attempts that run on alive workers", sums.running)
X(gauge, "weft_workers_memory_bytes", "", "Memory limits of alive workers, together", sums.memory_bytes)
X(gauge, "weft_jobs_running", "", "Jobs that run", sums.jobs_running)
X(counter, "weft_jobs_started_total", "", "Jobs that began", s->totals.begun)
X(counter, "weft_jobs_ended_total", "{state=\"succeeded\"}", "Jobs that ended", s->totals.succeeded)
X(counter, "weft_jobs_ended_total", "{state=\"failed\"}", "Jobs that ended", s->totals.failed)
X(counter, "weft_jobs_ended_total", "{state=\"cancelled\"}", "Jobs that ended", s->totals.cancelled)
X(counter, "weft_jobs_unseen_total", "", "Jobs that are not listed, for want of memory", s->totals.unseen)
X(counter, "weft_jobs_duration_seconds_total", "", "Time from begin to end, of all jobs that ended",
  (double)s->totals.elapsed_us / 1e6)
X(gauge, "weft_stages_running", "", "Stages of running jobs that are not done", sums.stages_running)
X(gauge, "weft_tasks_waiting", "", "Tasks of running jobs that wait", sums.tasks_waiting)
X(gauge, "weft_tasks_running", "", "Attempts of running jobs that run", sums.tasks_running)
X(counter, "weft_tasks_launched_total", "", "Attempts that were launched", s->counts.launched)
X(counter, "weft_tasks_placed_total", "{locality=\"PROCESS_LOCAL\"}",
  "Attempts that were launched, by how near to what they read", s->counts.locality[WEFT_PROCESS_LOCAL])
X(counter, "weft_tasks_placed_total", "{locality=\"NODE_LOCAL\"}",
  "Attempts that were launched, by how near to what they read", s->counts.locality[WEFT_NODE_LOCAL])
X(counter, "weft_tasks_placed_total", "{locality=\"NO_PREF\"}",
  "Attempts that were launched, by how near to what they read", s->counts.locality[WEFT_NO_PREF])
X(counter, "weft_tasks_placed_total", "{locality=\"ANY\"}",
  "Attempts that were launched, by how near to what they read", s->counts.locality[WEFT_ANY])
X(counter, "weft_tasks_completed_total", "", "Attempts that were accepted", s->counts.done)
X(counter, "weft_tasks_failed_total", "", "Attempts that failed", s->counts.failed)
X(counter, "weft_tasks_rerun_total", "", "Finished tasks that ran again because their block was lost",
  s->counts.rerun)
X(counter, "weft_tasks_late_total", "", "Attempts that succeeded after another one had", s->counts.late)
X(counter, "weft_tasks_lost_total", "", "Attempts that ran on a worker that was lost",
  s->counts.attempts_lost)
X(counter, "weft_stages_restarted_total", "", "Stages that began a new generation", s->counts.restarts)
X(counter, "weft_blocks_lost_total", "", "Blocks that were lost while somebody wanted them",
  s->counts.blocks_lost)
X(counter, "weft_blocks_returned_total", "", "Lost blocks that came back with their worker",
  s->counts.blocks_back)
X(counter, "weft_blocks_freed_total", "", "Blocks that nobody needed any more", s->counts.blocks_freed)
X(counter, "weft_storage_read_bytes_total", "", "Bytes that jobs read from storage", s->totals.bytes_read)
X(counter, "weft_exchange_bytes_total", "", "Bytes that tasks of jobs read of other tasks' blocks",
  s->totals.bytes_exchanged)
X(counter, "weft_relayed_bytes_total", "", "Bytes of blocks that workers passed on which had read them",
  s->totals.bytes_relayed)
X(counter, "weft_spilled_bytes_total", "", "Bytes that jobs spilled", s->totals.bytes_spilled)
X(gauge, "weft_memory_used_bytes", "", "Memory pool of this process: used", weft_pool_used_bytes(pool))
X(gauge, "weft_memory_peak_bytes", "", "Memory pool of this process: most ever used",
  weft_pool_peak_bytes(pool))
X(gauge, "weft_memory_limit_bytes", "", "Memory pool of this process: limit", weft_pool_limit_bytes(pool))
X(gauge, "weft_memory_kept_bytes", "", "Memory that was freed and is kept for the next blocks",
  weft_pool_kept_bytes(pool))
X(gauge, "weft_process_resident_bytes", "", "Resident memory of this process", p.resident_bytes)
X(gauge, "weft_process_open_descriptors", "", "Open descriptors of this process", p.descriptors)
X(gauge, "weft_process_threads", "", "Threads of this process", p.threads)
X(counter, "weft_process_cpu_seconds_total", "", "User and system time of this process", p.cpu_seconds)
X(gauge, "weft_process_start_time_seconds", "", "When the coordinator began, since 1970",
  (double)s->begin_us / 1e6)
X(gauge, "weft_process_uptime_seconds", "", "How long the coordinator runs",
  (double)(v->now_us - s->begin_us) / 1e6)
X(gauge, "weft_http_connections", "", "Open connections to this port", h.connections)
X(counter, "weft_http_requests_total", "", "Requests that were answered", h.requests)
X(counter, "weft_http_denied_total", "",
  "Requests that were refused for want of a token or of the right place", atomic_load(&v->http->denied))
X(counter, "weft_http_malformed_total", "", "Requests that could not be understood", h.malformed)
X(counter, "weft_http_timeouts_total", "", "Connections that were cut because they were too slow", h.timeouts)
X(counter, "weft_http_refused_total", "", "Connections that there was no room for", h.refused)
X(counter, "weft_log_lost_total", "", "Records of the log that could not be written", weft_log_lost())
