/* One line of a GRUB script into words, for the subset that cairn predicts. Internal to src/boot. */
#ifndef CAIRN_BOOT_GRUBWORDS_H
#define CAIRN_BOOT_GRUBWORDS_H

#include "cairn/bytes.h"

#define CAIRN_GRUB_LINE_MAX  2048
#define CAIRN_GRUB_WORDS_MAX 128

struct cairn_grub_words {
	size_t count;
	char *word[CAIRN_GRUB_WORDS_MAX]; /* point into text */
	char text[CAIRN_GRUB_LINE_MAX + CAIRN_GRUB_WORDS_MAX];
};

/* line: without its "\n". An empty line or a comment gives no words. On failure *why is a static text:
 * CAIRN_E_UNSUPPORTED, CAIRN_E_LIMIT. */
enum cairn_status cairn_grub_split(struct cairn_grub_words *out, struct cairn_span line,
				   const char **why) CAIRN_MUST_CHECK;

#endif
