/* Talking to cairnd: one call, and what it refused printed so that the reader knows what to change. */
#include <string.h>

#include "cli.h"
#include "relay/agent_client.h"
#include "relay/text.h"

const char *cairn_cli_str(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));
	return s ? s : "?";
}

static void put_detail(FILE *f, const char *indent, const json_t *reason, const char *member)
{
	const char *s = json_string_value(json_object_get(reason, member));
	if (!s || !*s)
		return;
	fprintf(f, "%s  %-10s", indent, member);
	cairn_text_put(f, s);
	fputc('\n', f);
}

void cairn_cli_put_reasons(FILE *f, const json_t *reasons, const char *indent)
{
	size_t i;
	json_t *r;
	json_array_foreach(reasons, i, r)
	{
		fputs(indent, f);
		cairn_text_put(f, cairn_cli_str(r, "code"));
		fputs(": ", f);
		cairn_text_put(f, cairn_cli_str(r, "text"));
		fputc('\n', f);
		static const char *const details[] = {"component", "file", "expected", "found", "manifest"};
		for (size_t d = 0; d < sizeof(details) / sizeof(details[0]); d++)
			put_detail(f, indent, r, details[d]);
	}
}

/* The answer was read, and it says no. */
static int refused(const json_t *answer, bool json)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s = cairn_agent_verdict(answer, &why);
	const char *text = cairn_buf_str(&why);
	cairn_cli_complain(0, "cairnd: %s", text && *text ? text : cairn_status_text(s));
	cairn_cli_put_reasons(stderr, json_object_get(answer, "reasons"), "  ");
	if (json)
		cairn_cli_put_json(answer);
	return cairn_status_exit(s);
}

bool cairn_cli_agent(json_t **answer, int *exit_code, const char *socket, json_t *request,
		     unsigned timeout_ms, bool json)
{
	cairn_auto_json json_t *owned = request;
	cairn_auto_json json_t *got = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	if (!request) {
		*exit_code = cairn_cli_fail(CAIRN_E_NOMEM, NULL, "cairnd");
		return false;
	}
	enum cairn_status s = cairn_agent_call(&got, socket, owned, timeout_ms, &why);
	if (s) {
		const char *text = cairn_buf_str(&why);
		cairn_cli_complain(0, "%s", text && *text ? text : cairn_status_text(s));
		/* Nothing was decided, whatever kept us from asking. */
		*exit_code = CAIRN_EXIT_UNDECIDED;
		return false;
	}
	if (cairn_agent_verdict(got, NULL) != CAIRN_OK) {
		*exit_code = refused(got, json);
		return false;
	}
	*answer = json_incref(got);
	return true;
}
