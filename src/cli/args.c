/* Commands and options: tables in, getopt_long underneath, and a help text that cannot differ from what is parsed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define OPT_MAX	 32
#define OPT_BASE 256 /* values of long options: above every letter */

static int list_commands(const char *parent, const struct cairn_cli_command *table, size_t count)
{
	printf("usage: %s COMMAND [ARGUMENT...]\n\ncommands:\n", parent);
	for (size_t i = 0; i < count; i++)
		printf("  %-10s %s\n", table[i].name, table[i].summary);
	printf("\n`%s COMMAND --help` explains one. Exit codes: 0 good, 1 not trusted, 2 usage, 3 could not "
	       "decide.\n",
	       parent);
	return CAIRN_EXIT_GOOD;
}

static const struct cairn_cli_command *find(const struct cairn_cli_command *table, size_t count,
					    const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int cairn_cli_dispatch(const char *parent, const struct cairn_cli_command *table, size_t count, int argc,
		       char **argv)
{
	if (argc < 2)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "no command given; see `%s help`", parent);
	if (is_help(argv[1]) && argc < 3)
		return list_commands(parent, table, count);
	bool help = is_help(argv[1]);
	const char *name = help ? argv[2] : argv[1];
	const struct cairn_cli_command *c = find(table, count, name);
	if (!c)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "unknown command '%s'; see `%s help`", name,
					  parent);
	if (!help)
		return c->run(argc - 1, argv + 1);
	char word[] = "--help";
	char *args[] = {argv[2], word, NULL};
	return c->run(2, args);
}

static void print_option(const struct cairn_cli_opt *o)
{
	char left[48];
	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		 o->letter ? ", " : "  ", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-28s %s%s%s\n", left, o->help, o->required ? " (required)" : "",
	       o->list ? " (may be repeated)" : "");
}

static void print_help(const struct cairn_cli_synopsis *s)
{
	static const struct cairn_cli_opt help = {.name = "help", .help = "print this and exit"};
	printf("usage: %s%s%s%s\n\n%s\n\noptions:\n", s->command, s->opt_count ? " [OPTION...]" : "",
	       *s->operands ? " " : "", s->operands, s->about);
	for (size_t i = 0; i < s->opt_count; i++)
		print_option(&s->opts[i]);
	print_option(&help);
}

static int usage_error(const struct cairn_cli_synopsis *s, const char *why, const char *what)
{
	return cairn_cli_complain(CAIRN_EXIT_USAGE, "%s%s; see `%s --help`", why, what, s->command);
}

/* Takes one option into where its table row points; false when it may not be given (again). */
static bool take(const struct cairn_cli_opt *o, const char *arg)
{
	if (o->flag) {
		*o->flag = true;
		return true;
	}
	if (o->value) {
		if (*o->value)
			return false;
		*o->value = arg;
		return true;
	}
	if (o->list->count == sizeof(o->list->item) / sizeof(o->list->item[0]))
		return false;
	o->list->item[o->list->count++] = arg;
	return true;
}

static const struct cairn_cli_opt *by_code(const struct cairn_cli_synopsis *s, int code)
{
	for (size_t i = 0; i < s->opt_count; i++) {
		if (code == OPT_BASE + (int)i || (s->opts[i].letter && code == s->opts[i].letter))
			return &s->opts[i];
	}
	return NULL;
}

static void to_getopt(const struct cairn_cli_synopsis *s, struct option *longs, char *shorts)
{
	char *p = shorts;
	*p++ = ':'; /* a missing argument is told apart from an unknown option */
	for (size_t i = 0; i < s->opt_count; i++) {
		const struct cairn_cli_opt *o = &s->opts[i];
		longs[i] = (struct option){o->name, o->arg ? required_argument : no_argument, NULL,
					   OPT_BASE + (int)i};
		if (o->letter)
			*p++ = o->letter;
		if (o->letter && o->arg)
			*p++ = ':';
	}
	longs[s->opt_count] = (struct option){"help", no_argument, NULL, OPT_BASE + OPT_MAX};
	*p = 0;
}

static int parse_options(const struct cairn_cli_synopsis *s, int argc, char **argv)
{
	struct option longs[OPT_MAX + 2] = {{0}};
	char shorts[2 * OPT_MAX + 2];
	if (s->opt_count > OPT_MAX)
		abort();
	to_getopt(s, longs, shorts);
	optind = 0; /* glibc: start anew */
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		if (c == OPT_BASE + OPT_MAX) {
			print_help(s);
			return CAIRN_EXIT_GOOD;
		}
		if (c == ':')
			return usage_error(s, "an argument is missing after ", argv[optind - 1]);
		const struct cairn_cli_opt *o = by_code(s, c);
		if (!o)
			return usage_error(s, "unknown option ", argv[optind - 1]);
		if (!take(o, optarg))
			return usage_error(s, "given too often: --", o->name);
	}
	return -1;
}

bool cairn_cli_parse(int *exit_code, const struct cairn_cli_synopsis *s, int argc, char **argv)
{
	*exit_code = parse_options(s, argc, argv);
	if (*exit_code >= 0)
		return false;
	for (size_t i = 0; i < s->opt_count; i++) {
		const struct cairn_cli_opt *o = &s->opts[i];
		if (o->required && ((o->value && !*o->value) || (o->list && !o->list->count))) {
			*exit_code = usage_error(s, "missing: --", o->name);
			return false;
		}
	}
	int operands = argc - optind;
	if (operands < s->operands_min)
		*exit_code = usage_error(s, "missing: ", s->operands);
	else if (s->operands_max >= 0 && operands > s->operands_max)
		*exit_code = usage_error(s, "one argument too many: ", argv[optind + s->operands_max]);
	return *exit_code < 0;
}

bool cairn_cli_number(unsigned long *out, const char *option, const char *text, unsigned long max)
{
	unsigned long v = 0;
	bool good = *text != 0;
	for (const char *p = text; *p && good; p++) {
		unsigned long digit = (unsigned long)*p - '0';
		good = *p >= '0' && *p <= '9' && v <= (max - digit) / 10;
		v = 10 * v + digit;
	}
	if (good)
		*out = v;
	else
		cairn_cli_complain(CAIRN_EXIT_USAGE, "--%s: '%s' is not a number from 0 to %lu", option, text,
				   max);
	return good;
}
