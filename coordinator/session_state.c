/* coordinator/session_state.c - see session_state.h. What is decoded is whole: each view is a query or a
 * table, each text is as long as those that use it expect. */
#include "coordinator/session_state.h"

#include <string.h>

#include "common/limits.h"
#include "common/settings.h"
#include "proto/session_state.pb-c.h"
#include "proto/wire.h"
#include "proto/wire_setting.h"
#include "proto/wire_submission.h"

typedef Weft__Wire__SessionView wire_view;
typedef Weft__Wire__SessionState wire_state;

/* ---- encoding ---- */

static weft_status put_texts(weft_ctx *ctx, const char *const *texts, int32_t count, size_t *n, char ***out)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, count, out));
    for (int32_t i = 0; i < count; i++) (*out)[i] = wire_text(texts[i]);
    *n = (size_t)count;
done:
    return st;
}

static weft_status put_files(weft_ctx *ctx, const weft_view_definition *view, wire_view *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionFile *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, view->file_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, view->file_count, &m->files));
    for (int32_t i = 0; i < view->file_count; i++) {
        weft__wire__session_file__init(&list[i]);
        list[i].path = wire_text(view->files[i].path);
        list[i].bytes = view->files[i].size_bytes;
        list[i].modified_ns = view->files[i].mtime_ns;
        list[i].base_bytes = view->files[i].base_bytes;
        m->files[i] = &list[i];
    }
    m->n_files = (size_t)view->file_count;
done:
    return st;
}

static weft_status put_view(weft_ctx *ctx, const weft_view_definition *view, wire_view *m)
{
    weft_status st = WEFT_OK;
    weft__wire__session_view__init(m);
    m->name = wire_text(view->name);
    m->query = wire_text(view->query);
    WEFT_TRY(st, put_texts(ctx, view->columns, view->column_count, &m->n_columns, &m->columns));
    if (view->query != NULL) {
        m->knows_temporaries = view->temporary_count >= 0;
        return put_texts(ctx, view->temporaries, weft_max_i32(view->temporary_count, 0), &m->n_temporaries,
                         &m->temporaries);
    }
    m->format = wire_text(view->format);
    m->source = wire_text(view->source);
    WEFT_TRY(st, put_texts(ctx, view->options, 2 * view->option_count, &m->n_options, &m->options));
    WEFT_TRY(st, put_files(ctx, view, m));
done:
    return st;
}

static weft_status put_artifacts(weft_ctx *ctx, const weft_session_state *state, wire_state *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionArtifact *list = NULL;
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, state->file_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, state->file_count, &m->artifacts));
    for (int32_t i = 0; i < state->file_count; i++) {
        weft__wire__session_artifact__init(&list[i]);
        list[i].name = wire_text(state->files[i].name);
        list[i].sha256 = wire_text(state->files[i].sha256);
        list[i].bytes = state->files[i].bytes;
        m->artifacts[i] = &list[i];
    }
    m->n_artifacts = (size_t)state->file_count;
done:
    return st;
}

static weft_status put_objects(weft_ctx *ctx, const weft_session_state *state, wire_state *m)
{
    weft_status st = WEFT_OK;
    Weft__Wire__SessionVariable *list = NULL;
    if (state->function_count > WEFT_SESSION_OBJECTS_MAX || state->variable_count > WEFT_SESSION_OBJECTS_MAX)
        return weft_fail(ctx, WEFT_LIMIT,
                         "a session has %d functions and %d variables, more than the %d that are kept",
                         state->function_count, state->variable_count, WEFT_SESSION_OBJECTS_MAX);
    WEFT_TRY(st, put_texts(ctx, state->functions, state->function_count, &m->n_functions, &m->functions));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, state->variable_count, &list));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, state->variable_count, &m->variables));
    for (int32_t i = 0; i < state->variable_count; i++) {
        weft__wire__session_variable__init(&list[i]);
        list[i].name = wire_text(state->variables[i].name);
        list[i].value = wire_text(state->variables[i].value);
        list[i].initial = wire_text(state->variables[i].initial);
        m->variables[i] = &list[i];
    }
    m->n_variables = (size_t)state->variable_count;
done:
    return st;
}

weft_status weft_session_state_encode(weft_ctx *ctx, const weft_session_state *state, uint8_t **bytes,
                                      size_t *len)
{
    weft_status st = WEFT_OK;
    wire_state m = WEFT__WIRE__SESSION_STATE__INIT;
    wire_view *views = NULL;
    Weft__Wire__SessionSubmission submission;
    *bytes = NULL;
    *len = 0;
    m.format = WEFT_SESSION_STATE_FORMAT;
    m.role = (uint32_t)state->role;
    m.user = wire_text(state->user);
    m.version = state->version;
    m.changed_by = state->changed_by;
    m.name = wire_text(state->name);
    m.submission = weft_submission_put(&state->submission, &submission);
    WEFT_TRY(st, wire_put_settings(ctx, state->settings, state->setting_count, &m.n_settings, &m.settings));
    WEFT_TRY(st, wire_put_settings(ctx, state->start, state->start_count, &m.n_start, &m.start));
    if (state->view_count > WEFT_SESSION_VIEWS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session has %d views, more than the %d that are kept",
                         state->view_count, WEFT_SESSION_VIEWS_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, state->view_count, &views));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, state->view_count, &m.views));
    for (int32_t i = 0; i < state->view_count; i++) {
        WEFT_TRY(st, put_view(ctx, &state->views[i], &views[i]));
        m.views[i] = &views[i];
    }
    m.n_views = (size_t)state->view_count;
    WEFT_TRY(st, put_artifacts(ctx, state, &m));
    WEFT_TRY(st, put_objects(ctx, state, &m));
    const size_t size = protobuf_c_message_get_packed_size(&m.base);
    if (size > WEFT_SESSION_STATE_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session takes %zu bytes, more than the %d that are kept", size,
                         WEFT_SESSION_STATE_BYTES_MAX);
    WEFT_TRY(st, weft_arena_alloc(ctx, ctx->arena, size + 1, (void **)bytes));
    *len = protobuf_c_message_pack(&m.base, *bytes);
done:
    return st;
}

/* ---- decoding ---- */

static weft_status get_settings(weft_ctx *ctx, Weft__Wire__Setting **from, size_t count,
                                const weft_session_setting **out, int32_t *n)
{
    weft_status st = WEFT_OK;
    WEFT_TRY(st, wire_get_settings(ctx, from, count, out, n));
    for (int32_t i = 0; i < *n; i++) {
        if ((*out)[i].key[0] == 0 || strlen((*out)[i].value) >= WEFT_SETTING_TEXT_BYTES)
            return weft_fail(ctx, WEFT_CORRUPT, "setting %d of a session has no name, or is too long", i);
    }
done:
    return st;
}

static weft_status get_files(weft_ctx *ctx, const wire_view *m, weft_view_definition *out)
{
    weft_status st = WEFT_OK;
    weft_file_info *files = NULL;
    if (m->n_files > WEFT_FILES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "the view %s has %zu files, more than %d", m->name, m->n_files,
                         WEFT_FILES_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_files, &files));
    for (size_t i = 0; i < m->n_files; i++) {
        const Weft__Wire__SessionFile *f = m->files[i];
        if (f->path[0] == 0 || f->bytes < 0 || f->base_bytes < 0 || (size_t)f->base_bytes > strlen(f->path))
            return weft_fail(ctx, WEFT_CORRUPT, "file %zu of the view %s is none", i, m->name);
        files[i] = (weft_file_info){
            .path = f->path, .size_bytes = f->bytes, .mtime_ns = f->modified_ns, .base_bytes = f->base_bytes};
    }
    out->files = files;
    out->file_count = (int32_t)m->n_files;
done:
    return st;
}

static weft_status get_view(weft_ctx *ctx, const wire_view *m, weft_view_definition *out)
{
    const bool is_query = m->query[0] != 0, is_table = m->format[0] != 0;
    if (m->name[0] == 0 || is_query == is_table || strlen(m->query) > WEFT_SQL_BYTES_MAX ||
        (is_query && (m->source[0] != 0 || m->n_options > 0 || m->n_files > 0)) ||
        (is_table && (m->n_columns > 0 || m->n_temporaries > 0)) ||
        m->n_temporaries > WEFT_SESSION_VIEWS_MAX || m->n_columns > WEFT_COLUMNS_MAX ||
        m->n_options % 2 != 0 || m->n_options > WEFT_SESSION_SETTINGS_MAX)
        return weft_fail(ctx, WEFT_CORRUPT, "a view of a session is neither a query nor a table");
    *out = (weft_view_definition){
        .name = m->name,
        .query = is_query ? m->query : NULL,
        .columns = (const char *const *)m->columns,
        .column_count = (int32_t)m->n_columns,
        .temporaries = (const char *const *)m->temporaries,
        .temporary_count = is_query && !m->knows_temporaries ? -1 : (int32_t)m->n_temporaries,
        .format = is_table ? m->format : NULL,
        .source = is_table ? m->source : NULL,
        .options = (const char *const *)m->options,
        .option_count = (int32_t)m->n_options / 2};
    return get_files(ctx, m, out);
}

static weft_status get_artifacts(weft_ctx *ctx, const wire_state *m, weft_session_state *out)
{
    weft_status st = WEFT_OK;
    weft_session_file *files = NULL;
    if (m->n_artifacts > WEFT_SESSION_FILES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session has %zu files, more than %d", m->n_artifacts,
                         WEFT_SESSION_FILES_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_artifacts, &files));
    for (size_t i = 0; i < m->n_artifacts; i++) {
        const Weft__Wire__SessionArtifact *a = m->artifacts[i];
        if (strlen(a->name) >= WEFT_SESSION_FILE_NAME_BYTES || strncmp(a->name, "files/", 6) != 0 ||
            a->name[6] == 0 || !weft_sha256_is(a->sha256) || a->bytes < 0)
            return weft_fail(ctx, WEFT_CORRUPT, "file %zu of a session is none", i);
        files[i] = (weft_session_file){.name = a->name, .sha256 = a->sha256, .bytes = a->bytes};
    }
    out->files = files;
    out->file_count = (int32_t)m->n_artifacts;
done:
    return st;
}

static weft_status get_objects(weft_ctx *ctx, const wire_state *m, weft_session_state *out)
{
    weft_status st = WEFT_OK;
    weft_session_variable *variables = NULL;
    if (m->n_functions > WEFT_SESSION_OBJECTS_MAX || m->n_variables > WEFT_SESSION_OBJECTS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session has %zu functions and %zu variables, more than %d",
                         m->n_functions, m->n_variables, WEFT_SESSION_OBJECTS_MAX);
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_variables, &variables));
    for (size_t i = 0; i < m->n_variables; i++) {
        const Weft__Wire__SessionVariable *v = m->variables[i];
        if (v->name[0] == 0 || v->value[0] == 0)
            return weft_fail(ctx, WEFT_CORRUPT, "variable %zu of a session has no name, or no value", i);
        variables[i] = (weft_session_variable){
            .name = v->name, .value = v->value, .initial = v->initial[0] == 0 ? NULL : v->initial};
    }
    out->functions = (const char *const *)m->functions;
    out->function_count = (int32_t)m->n_functions;
    out->variables = variables;
    out->variable_count = (int32_t)m->n_variables;
done:
    return st;
}

weft_status weft_session_state_decode(weft_ctx *ctx, const uint8_t *bytes, size_t len,
                                      weft_session_state *out)
{
    weft_status st = WEFT_OK;
    ProtobufCMessage *message = NULL;
    weft_view_definition *views = NULL;
    if (len > WEFT_SESSION_STATE_BYTES_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session of %zu bytes, more than the %d that it may have", len,
                         WEFT_SESSION_STATE_BYTES_MAX);
    WEFT_TRY(st, weft_wire_unpack(ctx, &weft__wire__session_state__descriptor, bytes, len, &message));
    const wire_state *m = (const wire_state *)(const void *)message;
    if (m->format != WEFT_SESSION_STATE_FORMAT)
        return weft_fail(ctx, WEFT_UNSUPPORTED, "a session of format %u; this version knows %d", m->format,
                         WEFT_SESSION_STATE_FORMAT);
    if ((m->role != WEFT_ROLE_ANY && m->role != WEFT_ROLE_CLIENT) || strlen(m->user) >= WEFT_USER_BYTES)
        return weft_fail(ctx, WEFT_CORRUPT, "a session belongs to nobody who could have one");
    if (m->name[0] != 0 && !weft_session_name_is(m->name))
        return weft_fail(ctx, WEFT_CORRUPT, "a session has a name that none may have");
    if (m->n_views > WEFT_SESSION_VIEWS_MAX)
        return weft_fail(ctx, WEFT_LIMIT, "a session has %zu views, more than %d", m->n_views,
                         WEFT_SESSION_VIEWS_MAX);
    *out = (weft_session_state){.role = (weft_role)m->role,
                                .user = m->user,
                                .version = m->version,
                                .changed_by = m->changed_by,
                                .name = m->name[0] == 0 ? NULL : m->name,
                                .view_count = (int32_t)m->n_views};
    WEFT_TRY(st, get_settings(ctx, m->settings, m->n_settings, &out->settings, &out->setting_count));
    WEFT_TRY(st, get_settings(ctx, m->start, m->n_start, &out->start, &out->start_count));
    WEFT_TRY(st, WEFT_NEW_ARRAY(ctx, m->n_views, &views));
    for (size_t i = 0; i < m->n_views; i++) WEFT_TRY(st, get_view(ctx, m->views[i], &views[i]));
    out->views = views;
    WEFT_TRY(st, weft_submission_get(ctx, m->submission, &out->submission));
    WEFT_TRY(st, get_artifacts(ctx, m, out));
    st = get_objects(ctx, m, out);
done:
    return st;
}
