/* client/shell.c - see shell.h. Line editing and history by libedit; history is kept in ~/.weft_history. */
#include "client/shell.h"

#include <editline/readline.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "common/limits.h"
#include "common/redact.h"
#include "engine/sql/parser.h"

enum { HISTORY_LINES = 1000, FIRST_BYTES = 4096 };

typedef struct buffer {
    char *text; /* C heap: grows with what is typed */
    size_t len, capacity;
} buffer;

static bool buffer_add(buffer *b, const char *line)
{
    const size_t len = strlen(line);
    if (b->len + len + 2 > WEFT_SQL_BYTES_MAX) return false;
    if (b->len + len + 2 > b->capacity) {
        const size_t capacity = b->len + len + 2 > FIRST_BYTES ? (b->len + len + 2) * 2 : FIRST_BYTES;
        char *text = reallocarray(b->text, capacity, 1);
        if (text == NULL) return false;
        b->text = text;
        b->capacity = capacity;
    }
    memcpy(b->text + b->len, line, len);
    b->len += len;
    b->text[b->len++] = '\n';
    b->text[b->len] = 0;
    return true;
}

static const char *history_path(char *path, size_t bytes)
{
    const char *home = getenv("HOME");
    if (home == NULL || (size_t)snprintf(path, bytes, "%s/.weft_history", home) >= bytes) return NULL;
    return path;
}

/* Wait for a byte of the terminal. False at Ctrl-C, however early it came, and at the end of input. */
static bool read_byte(char *byte)
{
    struct pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = weft_statements_interrupt_fd(), .events = POLLIN}};
    while (!weft_statements_interrupted()) {
        if (poll(ready, 2, -1) < 0 && errno != EINTR) return false;
        if (weft_statements_interrupted()) break;
        if (ready[0].revents == 0) continue;
        const ssize_t got = read(STDIN_FILENO, byte, 1);
        if (got > 0) return true;
        if (got == 0 || errno != EINTR) return false;
    }
    return false;
}

/* libedit's own reading would sleep through a Ctrl-C that came a moment before it. Its characters are wide
 * ones; bytes that are none in the locale come as they are. */
static int read_character(FILE *terminal)
{
    mbstate_t state = {0};
    wchar_t character = 0;
    char byte = 0;
    (void)terminal; /* standard input */
    do {
        if (!read_byte(&byte)) return -1;
        const size_t used = mbrtowc(&character, &byte, 1, &state);
        if (used == 0) return 0;
        if (used == (size_t)-1) return (unsigned char)byte;
        if (used != (size_t)-2) break;
    } while (true);
    return (int)character;
}

/* The next line without its newline, in memory that the caller frees; NULL at the end. */
static char *read_line(bool terminal, bool first)
{
    char *line = NULL;
    size_t capacity = 0;
    if (terminal) return readline(first ? "weft> " : "    > ");
    const ssize_t got = getline(&line, &capacity, stdin);
    if (got < 0) {
        free(line); /* getline's own memory; tidy: allow free */
        return NULL;
    }
    if (got > 0 && line[got - 1] == '\n') line[got - 1] = 0;
    return line;
}

static bool is_word(const char *line, const char *word)
{
    const size_t len = strlen(word);
    if (strncasecmp(line, word, len) != 0) return false;
    return strspn(line + len, " ;\t") == strlen(line + len);
}

static int run_buffer(weft_statements *statements, const buffer *b)
{
    size_t position = 0, start = 0, stop = 0;
    int code = 0;
    while (code == 0 && weft_sql_next_statement(b->text, b->len, &position, &start, &stop))
        code = weft_statements_run_one(statements, b->text + start, stop - start);
    return code;
}

int weft_shell_run(weft_statements *statements)
{
    const bool terminal = isatty(STDIN_FILENO);
    char path[4096];
    const char *history = terminal ? history_path(path, sizeof(path)) : NULL;
    buffer b = {0};
    int code = 0;

    if (terminal) {
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* as SQL text is, whatever the terminal's owner has set */
        rl_getc_function = read_character;
        using_history();
        stifle_history(HISTORY_LINES);
        if (history != NULL) read_history(history);
        fputs("Weft SQL. Statements end with a semicolon; quit or Ctrl-D leaves.\n", stderr);
    }
    for (;;) {
        (void)weft_statements_take_interrupt(); /* of the statement before */
        char *line = read_line(terminal, b.len == 0);
        if (line == NULL && terminal && weft_statements_take_interrupt()) { /* what was typed is dropped */
            fputc('\n', stderr);
            b.len = 0;
            continue;
        }
        if (line == NULL) break;
        const bool leave = b.len == 0 && (is_word(line, "quit") || is_word(line, "exit"));
        const bool added = leave || buffer_add(&b, line);
        free(line); /* libedit's and getline's own memory; tidy: allow free */
        if (leave) break;
        if (!added) {
            fputs("weft sql: the statement is larger than it may be\n", stderr);
            b.len = 0;
            continue;
        }
        if (!weft_sql_is_complete(b.text, b.len)) continue;
        if (terminal && b.len > 1 && !weft_redact_has_secret(b.text, b.len)) {
            b.text[b.len - 1] = 0;
            add_history(b.text);
            b.text[b.len - 1] = '\n';
        }
        code = run_buffer(statements, &b);
        b.len = 0;
        if (code != 0 && !terminal) break; /* a script on stdin stops at the first error, as with -f */
    }
    if (b.len > 0) code = run_buffer(statements, &b);
    if (history != NULL) write_history(history);
    free(b.text); /* the C heap; tidy: allow free */
    return terminal ? 0 : code;
}
