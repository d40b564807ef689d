/* C in tokens: enough of the language to find statements and the operands of conditions. Comments and preprocessor
 * lines are no tokens. Trusts its input: these are our own sources, which the compiler reads as well. */
#ifndef CAIRN_MUTATE_TOKENS_H
#define CAIRN_MUTATE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_MARK };

struct token {
	enum token_kind kind;
	const char *at;
	size_t len;
	unsigned line;
	size_t match; /* of a bracket: the index of its other half */
};

struct tokens {
	struct token *item; /* ends with one of TOKEN_END */
	size_t count;	    /* without that one */
};

/* text: ended by a NUL, and outlives the tokens. False: brackets do not match. */
bool tokens_read(struct tokens *out, const char *text);
void tokens_fini(struct tokens *t);

/* True if the token reads s. */
bool token_is(const struct token *t, const char *s);

/* The first token from..to that reads s outside brackets; to if there is none. */
size_t tokens_find(const struct tokens *t, size_t from, size_t to, const char *s);

/* The same at any depth. */
bool tokens_have(const struct tokens *t, size_t from, size_t to, const char *s);

/* True if a word at any depth of from..to starts with s. */
bool tokens_have_prefix(const struct tokens *t, size_t from, size_t to, const char *s);

/* The source of from..to with one space between its tokens; the caller frees it. */
char *tokens_text(const struct tokens *t, size_t from, size_t to);

#endif
