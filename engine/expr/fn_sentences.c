/* engine/expr/fn_sentences.c - sentences(text [, language [, country]]): the words of each sentence.
 *
 * Sentences and words end where java.text.BreakIterator of Java 17 ends them, whose rules two patterns state.
 * They are the same for all languages but Thai, whose words Java finds in a dictionary. */
#include "common/mem.h"
#include "engine/expr/fn_entry.h"
#include "engine/expr/nested_call.h"
#include "engine/expr/regexp.h"

/* Marks that belong to the character before them. */
#define MARKS "[\\p{Mn}\\p{Me}\\p{Cf}]*+"
/* Letters; what is written in Han, Hiragana or Katakana makes words of one script. */
#define LETTERS "(?:(?![\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}])\\p{L}" MARKS ")+"
/* Letters with single dashes, apostrophes, quotation marks or periods between them. */
#define WORD   LETTERS "(?:[\\p{Pd}\\p{Pc}\\x{2027}\"'.]" MARKS LETTERS ")*"
#define DIGITS "(?:\\p{N}" MARKS ")+"
#define NUMBER DIGITS "(?:[\"',\\x{66b}.]" DIGITS ")*"
/* Behind a word or a sign such as $ or #: numbers and words in turn, a percent sign at the end. */
#define TAIL "(?:" NUMBER WORD ")*(?:" NUMBER "[\\xa2%\\x{66a}\\x{2030}\\x{2031}]?)?"

/* One piece; the group is there when it begins with a letter or a decimal digit, which makes it a word. */
static const char word_pattern[] =
    "(?=([\\p{L}\\p{Nd}])?)(?:" WORD TAIL "|" NUMBER "(?:" WORD TAIL ")?[\\xa2%\\x{66a}\\x{2030}\\x{2031}]?"
    "|[\\p{Sc}#.]" TAIL "|[\\p{sc=Katakana}\\x{3099}-\\x{309c}\\x{30fb}\\x{30fc}]+"
    "|[\\p{sc=Hiragana}\\x{3099}-\\x{309c}\\x{30fb}\\x{30fc}]+|\\p{sc=Han}+|[\\s\\S])";
/* Up to ! or ?, or to a period with a blank behind it and neither a digit nor a small letter behind one blank
 * alone; with the closing marks and blanks that follow. */
static const char sentence_pattern[] =
    "[\\s\\S]+?(?:[!?\\x{3002}\\x{ff01}\\x{ff1f}][!?.\\x{3002}\\x{ff01}\\x{ff0e}\\x{ff1f}]*[\\p{Pe}\\p{Pf}\"'"
    "]*"
    "[\\s\\p{Z}]*|[.\\x{ff0e}]+[\\p{Pe}\\p{Pf}\"']*[\\s\\p{Z}](?:[\\s\\p{Z}]+|"
    "(?![\\p{Ps}\\p{Pi}\"']*[\\p{Ll}\\p{N}]))|\\x{2029}|\\z)";

/* Texts that borrow from a longer one. */
typedef struct text_list {
    weft_str *at;
    int32_t count, room;
} text_list;

typedef struct sentences_state {
    weft_regexp sentence, word;
} sentences_state;

static weft_status sentences_open(weft_ctx *ctx, const weft_expr *call, void **state)
{
    (void)call;
    return weft_mem_alloc_zero(ctx, WEFT_MEM_WORKING, sizeof(sentences_state), state);
}

static void sentences_close(void *state)
{
    sentences_state *s = state;
    if (s == NULL) return;
    weft_regexp_forget(&s->sentence);
    weft_regexp_forget(&s->word);
    weft_mem_free(s);
}

/* The text's matches in order, or only those whose first group is there. */
static weft_status list_matches(weft_ctx *ctx, const weft_expr *e, const weft_regexp *s, const weft_str *text,
                                bool grouped, text_list *list)
{
    weft_status st = WEFT_OK;
    bool found = true;
    list->count = 0;
    for (size_t from = 0; from < text->len; from = weft_regexp_behind(s, text)) {
        WEFT_TRY(st, weft_regexp_next(ctx, e, s, text, from, &found));
        if (!found) break;
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(s->match);
        if (grouped && at[2] == PCRE2_UNSET) continue;
        if (list->count == list->room) {
            const int32_t room = weft_max_i32(16, 2 * list->room);
            WEFT_TRY(st, weft_mem_resize(ctx, WEFT_MEM_WORKING, (size_t)room * sizeof *list->at,
                                         (void **)&list->at));
            list->room = room;
        }
        list->at[list->count++] = weft_str_part(text, at[0], at[1] - at[0]);
    }
done:
    return st;
}

static weft_status kernel_sentences(weft_ctx *ctx, weft_kernel_call *call)
{
    weft_status st = WEFT_OK;
    sentences_state *s = call->state;
    text_list sentences = {0}, words = {0};
    weft_vector *out = call->out, *inner = &out->children[0];
    const weft_str sentence = weft_str_view(sentence_pattern, sizeof sentence_pattern - 1);
    const weft_str word = weft_str_view(word_pattern, sizeof word_pattern - 1);
    WEFT_TRY(st, weft_regexp_use(ctx, call->expr, &sentence, &s->sentence));
    WEFT_TRY(st, weft_regexp_use(ctx, call->expr, &word, &s->word));
    for (int32_t k = 0; k < call->selected; k++) {
        const int32_t i = weft_call_row(call, k);
        int32_t first, at;
        if (weft_column_is_null(&call->args[0], i)) {
            weft_vector_set_null(out, i);
            continue;
        }
        const weft_str *text = weft_arg_str(&call->args[0], i);
        WEFT_TRY(st, list_matches(ctx, call->expr, &s->sentence, text, false, &sentences));
        WEFT_TRY(st, weft_vector_add_list(ctx, out, i, sentences.count, &first));
        for (int32_t n = 0; n < sentences.count; n++) {
            WEFT_TRY(st, list_matches(ctx, call->expr, &s->word, &sentences.at[n], true, &words));
            WEFT_TRY(st, weft_vector_add_list(ctx, inner, first + n, words.count, &at));
            if (words.count > 0)
                memcpy((weft_str *)inner->children[0].values + at, words.at,
                       (size_t)words.count * sizeof *words.at);
        }
    }
done:
    weft_mem_free(sentences.at);
    weft_mem_free(words.at);
    return st;
}

static weft_status bind_sentences(weft_ctx *ctx, const weft_function *fn, const weft_expr **args,
                                  int32_t count, const weft_span *span, int32_t *variant, weft_type *type)
{
    weft_status st = WEFT_OK;
    const weft_type text = WEFT_TYPE_OF(WEFT_TYPE_STRING);
    if (count < 1 || count > 3) return weft_fail_arg_count(ctx, fn->name, 1, 3, count, span);
    *variant = 0;
    for (int32_t i = 0; i < count; i++) WEFT_TRY(st, weft_bind_arg_as(ctx, args, i, text, span));
    WEFT_TRY(st, weft_type_make_array(ctx, text, type));
    WEFT_TRY(st, weft_type_make_array(ctx, *type, type));
done:
    return st;
}

WEFT_NESTED_FORM(sentences, 1, 3, WEFT_TYPE_ARRAY, kernel_sentences);
const weft_function weft_fn_sentences = {
    .name = "sentences",
    .flags = WEFT_FN_NULL_OWN | WEFT_FN_FALLIBLE,
    .signatures = sentences_forms,
    .signature_count = WEFT_COUNT(sentences_forms),
    .bind = bind_sentences,
    .open = sentences_open,
    .close = sentences_close,
    .help =
        "sentences(text [, language [, country]]): the words of each sentence; all languages have the same "
        "rules",
    .example = "SELECT sentences('Hi there! Good morning.')",
    .example_result = "[[Hi, there], [Good, morning]]"};
