/* tests/support/fake_zookeeper_tree.c - the nodes of a made-up ZooKeeper; see fake_zookeeper.h.
 *
 * One tree that all agree on, and for stale reads what was changed by the last transactions: a reader that
 * lags sees for each node its state before them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fake_zookeeper_private.h"

/* ---- the tree ---- */

static int32_t place_of(const fake_zookeeper *f, const char *path, bool *there)
{
    int32_t low = 0, high = f->count;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        const int order = strcmp(f->nodes[middle].path, path);
        *there = order == 0;
        if (*there) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *there = false;
    return low;
}

node *fake_find_node(const fake_zookeeper *f, const char *path)
{
    bool there;
    const int32_t at = place_of(f, path, &there);
    return there ? &f->nodes[at] : NULL;
}

static void parent_of(const char *path, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s", path);
    char *slash = strrchr(out, '/');
    slash[slash == out ? 1 : 0] = 0;
}

char *fake_copy_bytes(const void *bytes, size_t len)
{
    char *out = malloc(len + 1);
    assert(out != NULL);
    if (len > 0) memcpy(out, bytes, len);
    out[len] = 0;
    return out;
}

void fake_past_free(past *p)
{
    free(p->node.path);
    free(p->node.value);
}

/* Remember how a node is, for who reads late. */
static void remember(fake_zookeeper *f, const char *path)
{
    const node *n = fake_find_node(f, path);
    if (f->history_count == HISTORY) {
        fake_past_free(&f->history[0]);
        memmove(f->history, f->history + 1, (HISTORY - 1) * sizeof(past));
        f->history_count--;
    }
    past *p = &f->history[f->history_count++];
    *p = (past){.transaction = f->transactions, .was_there = n != NULL};
    if (n != NULL) p->node = *n;
    p->node.path = fake_copy_bytes(path, strlen(path));
    p->node.value = n == NULL ? NULL : fake_copy_bytes(n->value, n->bytes);
}

/* The first change of a node that this session has not seen; NULL: there is none. */
static const past *first_unseen(const fake_zookeeper *f, const session *s, const char *path)
{
    const int64_t seen = weft_max_i64(f->transactions - f->lag, s->synced);
    for (int32_t i = 0; i < f->history_count; i++)
        if (f->history[i].transaction > seen && strcmp(f->history[i].node.path, path) == 0)
            return &f->history[i];
    return NULL;
}

/* A node as this session sees it, or NULL. */
static const node *view_node(const fake_zookeeper *f, const session *s, const char *path)
{
    const past *unseen = first_unseen(f, s, path);
    if (unseen == NULL) return fake_find_node(f, path);
    return unseen->was_there ? &unseen->node : NULL;
}

/* Is it a child of this one? Its name, or NULL. */
static const char *child_name(const char *parent, const char *path)
{
    const size_t len = strcmp(parent, "/") == 0 ? 0 : strlen(parent);
    if (strncmp(path, parent, len) != 0 || path[len] != '/' || path[len + 1] == 0) return NULL;
    return strchr(path + len + 1, '/') == NULL ? path + len + 1 : NULL;
}

/* ---- events ---- */

void fake_push(session *s, message *m)
{
    m->next = NULL;
    if (s->out_last == NULL)
        s->out = m;
    else
        s->out_last->next = m;
    s->out_last = m;
    pthread_cond_broadcast(&s->of->news);
}

static void push_event(session *s, weft_zookeeper_event_kind kind, const char *path)
{
    message *m = calloc(1, sizeof(*m));
    assert(m != NULL);
    m->is_event = true;
    m->event = (weft_zookeeper_event){.kind = kind, .state = s->state};
    snprintf(m->path, sizeof(m->path), "%s", path == NULL ? "" : path);
    fake_push(s, m);
}

void fake_set_state(session *s, weft_zookeeper_state state)
{
    if (s->state == state) return;
    s->state = state;
    if (state >= WEFT_ZOOKEEPER_EXPIRED_STATE) s->lease_ns = 0;
    push_event(s, WEFT_ZOOKEEPER_EVENT_STATE, NULL);
}

/* A session's watches of a path fire, and are gone. */
static void fire_of(session *s, const char *path, bool of_children, weft_zookeeper_event_kind kind)
{
    for (watch **w = &s->watches; *w != NULL;) {
        watch *here = *w;
        if (here->of_children != of_children || strcmp(here->path, path) != 0) {
            w = &here->next;
            continue;
        }
        push_event(s, kind, path);
        *w = here->next;
        free(here);
    }
}

static void fire(fake_zookeeper *f, const char *path, bool of_children, weft_zookeeper_event_kind kind)
{
    for (session *s = f->sessions; s != NULL; s = s->next) fire_of(s, path, of_children, kind);
}

static void add_watch(session *s, const char *path, bool of_children)
{
    watch *w = calloc(1, sizeof(*w));
    assert(w != NULL);
    snprintf(w->path, sizeof(w->path), "%s", path);
    w->of_children = of_children;
    w->next = s->watches;
    s->watches = w;
}

/* ---- changes ---- */

static bool is_allowed(const node *n, const session *s)
{
    return s == NULL || n->login[0] == 0 || strcmp(n->login, s->login) == 0;
}

void fake_insert_node(fake_zookeeper *f, const session *s, const char *path, const void *value, size_t bytes,
                      uint32_t flags)
{
    bool there;
    const int32_t at = place_of(f, path, &there);
    if (f->count == f->capacity) {
        f->capacity = f->capacity == 0 ? 64 : 2 * f->capacity;
        f->nodes = realloc(f->nodes, (size_t)f->capacity * sizeof(*f->nodes));
        assert(f->nodes != NULL);
    }
    memmove(f->nodes + at + 1, f->nodes + at, (size_t)(f->count - at) * sizeof(*f->nodes));
    f->count++;
    node *n = &f->nodes[at];
    *n = (node){
        .path = fake_copy_bytes(path, strlen(path)), .value = fake_copy_bytes(value, bytes), .bytes = bytes};
    n->stat = (weft_zookeeper_stat){.value_bytes = (int64_t)bytes,
                                    .made = f->transactions,
                                    .changed = f->transactions,
                                    .session = (flags & WEFT_ZOOKEEPER_EPHEMERAL) && s != NULL ? s->id : 0};
    if (s != NULL) memcpy(n->login, s->login, sizeof(n->login));
}

static weft_zookeeper_outcome check_create(fake_zookeeper *f, const session *s, char path[PATH_BYTES],
                                           uint32_t flags)
{
    char above[PATH_BYTES];
    parent_of(path, above);
    node *parent = fake_find_node(f, above);
    if (parent == NULL) return WEFT_ZOOKEEPER_NO_NODE;
    if (!is_allowed(parent, s)) return WEFT_ZOOKEEPER_REFUSED;
    if (parent->stat.session != 0) return WEFT_ZOOKEEPER_INVALID;
    const size_t len = strlen(path);
    if (flags & WEFT_ZOOKEEPER_SEQUENCE)
        snprintf(path + len, PATH_BYTES - len, "%010lld", (long long)parent->sequence);
    return fake_find_node(f, path) != NULL ? WEFT_ZOOKEEPER_EXISTS : WEFT_ZOOKEEPER_OK;
}

weft_zookeeper_outcome fake_do_create(fake_zookeeper *f, const session *s, char path[PATH_BYTES],
                                      const void *value, size_t bytes, uint32_t flags)
{
    char above[PATH_BYTES];
    const weft_zookeeper_outcome checked = check_create(f, s, path, flags);
    if (checked != WEFT_ZOOKEEPER_OK) return checked;
    parent_of(path, above);
    remember(f, path);
    remember(f, above);
    fake_insert_node(f, s, path, value, bytes, flags);
    node *parent = fake_find_node(f, above);
    parent->sequence++;
    parent->stat.children_version++;
    parent->stat.child_count++;
    fire(f, path, false, WEFT_ZOOKEEPER_EVENT_MADE);
    fire(f, above, true, WEFT_ZOOKEEPER_EVENT_CHILDREN);
    return WEFT_ZOOKEEPER_OK;
}

static weft_zookeeper_outcome check_version(const fake_zookeeper *f, const session *s, const char *path,
                                            int32_t version)
{
    const node *n = fake_find_node(f, path);
    if (n == NULL) return WEFT_ZOOKEEPER_NO_NODE;
    if (!is_allowed(n, s)) return WEFT_ZOOKEEPER_REFUSED;
    return version >= 0 && version != n->stat.version ? WEFT_ZOOKEEPER_BAD_VERSION : WEFT_ZOOKEEPER_OK;
}

weft_zookeeper_outcome fake_do_set(fake_zookeeper *f, const session *s, const char *path, const void *value,
                                   size_t bytes, int32_t version)
{
    const weft_zookeeper_outcome checked = check_version(f, s, path, version);
    if (checked != WEFT_ZOOKEEPER_OK) return checked;
    remember(f, path);
    node *n = fake_find_node(f, path);
    free(n->value);
    n->value = fake_copy_bytes(value, bytes);
    n->bytes = bytes;
    n->stat.value_bytes = (int64_t)bytes;
    n->stat.version++;
    n->stat.changed = f->transactions;
    fire(f, path, false, WEFT_ZOOKEEPER_EVENT_CHANGED);
    return WEFT_ZOOKEEPER_OK;
}

weft_zookeeper_outcome fake_do_remove(fake_zookeeper *f, const session *s, const char *path, int32_t version)
{
    bool there;
    char above[PATH_BYTES];
    const weft_zookeeper_outcome checked = check_version(f, s, path, version);
    if (checked != WEFT_ZOOKEEPER_OK) return checked;
    if (fake_find_node(f, path)->stat.child_count > 0) return WEFT_ZOOKEEPER_NOT_EMPTY;
    parent_of(path, above);
    remember(f, path);
    remember(f, above);
    const int32_t at = place_of(f, path, &there);
    free(f->nodes[at].path);
    free(f->nodes[at].value);
    f->count--;
    memmove(f->nodes + at, f->nodes + at + 1, (size_t)(f->count - at) * sizeof(*f->nodes));
    node *parent = fake_find_node(f, above);
    parent->stat.children_version++;
    parent->stat.child_count--;
    fire(f, path, false, WEFT_ZOOKEEPER_EVENT_REMOVED);
    fire(f, path, true, WEFT_ZOOKEEPER_EVENT_REMOVED);
    fire(f, above, true, WEFT_ZOOKEEPER_EVENT_CHILDREN);
    return WEFT_ZOOKEEPER_OK;
}

/* Would this operation do, after those before it? Carried out, or not, as a whole: what is wrong is found on
 * the real tree, and taken back by doing nothing, so operations of one transaction may not depend on each
 * other but as a node and its child, or a value set after its node was made. */
static weft_zookeeper_outcome check_op(fake_zookeeper *f, const session *s, const weft_zookeeper_op *ops,
                                       int32_t at)
{
    const weft_zookeeper_op *op = &ops[at];
    char path[PATH_BYTES], above[PATH_BYTES];
    bool made = false, parent_made = false;
    int32_t removed = 0;
    snprintf(path, sizeof(path), "%s", op->path);
    parent_of(path, above);
    for (int32_t i = 0; i < at; i++) {
        made |= ops[i].kind == WEFT_ZOOKEEPER_CREATE && strcmp(ops[i].path, path) == 0;
        parent_made |= ops[i].kind == WEFT_ZOOKEEPER_CREATE && strcmp(ops[i].path, above) == 0;
        removed += ops[i].kind == WEFT_ZOOKEEPER_REMOVE && child_name(path, ops[i].path) != NULL;
    }
    if (op->kind == WEFT_ZOOKEEPER_CREATE) {
        if (made) return WEFT_ZOOKEEPER_EXISTS;
        return parent_made ? WEFT_ZOOKEEPER_OK : check_create(f, s, path, 0);
    }
    if (made) return WEFT_ZOOKEEPER_OK;
    const weft_zookeeper_outcome checked = check_version(f, s, path, op->version);
    if (checked != WEFT_ZOOKEEPER_OK || op->kind != WEFT_ZOOKEEPER_REMOVE) return checked;
    return fake_find_node(f, path)->stat.child_count > removed ? WEFT_ZOOKEEPER_NOT_EMPTY : WEFT_ZOOKEEPER_OK;
}

weft_zookeeper_outcome fake_do_multi(fake_zookeeper *f, const session *s, const request *r, message *m)
{
    for (int32_t i = 0; i < r->count; i++) {
        const weft_zookeeper_outcome checked = check_op(f, s, r->ops, i);
        m->answer.failed = checked == WEFT_ZOOKEEPER_OK ? -1 : i;
        if (checked != WEFT_ZOOKEEPER_OK) return checked;
    }
    for (int32_t i = 0; i < r->count; i++) {
        const weft_zookeeper_op *op = &r->ops[i];
        char path[PATH_BYTES];
        weft_zookeeper_outcome done = WEFT_ZOOKEEPER_OK;
        snprintf(path, sizeof(path), "%s", op->path);
        if (op->kind == WEFT_ZOOKEEPER_CREATE)
            done = fake_do_create(f, s, path, op->value, op->bytes, op->flags);
        if (op->kind == WEFT_ZOOKEEPER_SET) done = fake_do_set(f, s, path, op->value, op->bytes, op->version);
        if (op->kind == WEFT_ZOOKEEPER_REMOVE) done = fake_do_remove(f, s, path, op->version);
        assert(done == WEFT_ZOOKEEPER_OK);
        if (op->kind == WEFT_ZOOKEEPER_SET) m->answer.stat = fake_find_node(f, path)->stat;
    }
    return WEFT_ZOOKEEPER_OK;
}

/* ---- reads ---- */

static void answer_children(const fake_zookeeper *f, const session *s, const char *path, message *m)
{
    int32_t capacity = 0;
    for (int32_t i = 0; i < f->count + f->history_count; i++) {
        const char *candidate = i < f->count ? f->nodes[i].path : f->history[i - f->count].node.path;
        const char *name = child_name(path, candidate);
        if (name == NULL || view_node(f, s, candidate) == NULL) continue;
        bool known = i >= f->count && fake_find_node(f, candidate) != NULL;
        for (int32_t k = 0; i >= f->count && k < m->answer.child_count && !known; k++)
            known = strcmp(m->children[k], name) == 0;
        if (known) continue;
        if (m->answer.child_count == capacity) {
            capacity = capacity == 0 ? 16 : 2 * capacity;
            m->children = realloc(m->children, (size_t)capacity * sizeof(*m->children));
            assert(m->children != NULL);
        }
        m->children[m->answer.child_count++] = fake_copy_bytes(name, strlen(name));
    }
}

weft_zookeeper_outcome fake_do_read(fake_zookeeper *f, session *s, const request *r, message *m)
{
    const node *n = view_node(f, s, r->path);
    if (n == NULL && r->kind != EXISTS) return WEFT_ZOOKEEPER_NO_NODE;
    if (n != NULL && r->kind != EXISTS && !is_allowed(n, s)) return WEFT_ZOOKEEPER_REFUSED;
    if (r->watch) add_watch(s, r->path, r->kind == CHILDREN);
    if (n == NULL) return WEFT_ZOOKEEPER_NO_NODE;
    m->answer.stat = n->stat;
    if (r->kind == GET) {
        m->value = fake_copy_bytes(n->value, n->bytes);
        m->answer.bytes = n->bytes;
    }
    if (r->kind == CHILDREN) answer_children(f, s, r->path, m);
    return WEFT_ZOOKEEPER_OK;
}

void fake_watch_catches_up(fake_zookeeper *f, session *s, const request *r)
{
    const past *unseen = r->watch && r->kind != CHILDREN ? first_unseen(f, s, r->path) : NULL;
    if (unseen == NULL) return;
    const bool is_there = fake_find_node(f, r->path) != NULL;
    fire_of(s, r->path, false,
            !unseen->was_there ? WEFT_ZOOKEEPER_EVENT_MADE
            : is_there         ? WEFT_ZOOKEEPER_EVENT_CHANGED
                               : WEFT_ZOOKEEPER_EVENT_REMOVED);
    s->synced = f->transactions;
}
