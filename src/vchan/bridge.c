/* One request at a time; nothing of it is parsed here but its length. */
#include "vchan/bridge.h"

#include <errno.h>
#include <time.h>

#include "cairn/agent.h"
#include "relay/agent_client.h"

#define REST_MAX_MS 10000

static void rest(int64_t ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000};

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

/* In the words of cairnd's own answers (cairn/agent.h). Its reason stays in dom0. */
static void cannot_ask(struct cairn_buf *answer, enum cairn_status st)
{
	answer->len = 0;
	cairn_buf_add_fmt(
	    answer, "{\"error\":\"cairnd cannot be asked: %s\",\"exit\":%d,\"ok\":false,\"status\":\"%s\"}",
	    cairn_status_text(st), cairn_status_exit(st), cairn_status_name(st));
}

static enum cairn_status pass(const struct cairn_bridge *b, const struct cairn_channel *ch,
			      struct cairn_span request)
{
	cairn_auto_buf struct cairn_buf answer = {0};
	int64_t began = cairn_channel_now_ms();
	enum cairn_status st = cairn_agent_pass(&answer, b->socket, request, b->answer_ms, NULL);
	int64_t took = cairn_channel_now_ms() - began;

	if (st != CAIRN_OK)
		cannot_ask(&answer, st);
	st = cairn_buf_status(&answer);
	if (st == CAIRN_OK)
		st = cairn_channel_send(ch, cairn_buf_span(&answer), cairn_channel_now_ms() + b->take_ms);
	if (st == CAIRN_OK)
		rest(took < b->rest_ms ? b->rest_ms : took > REST_MAX_MS ? REST_MAX_MS : took);
	return st;
}

static const char *meaning(enum cairn_status st)
{
	switch (st) {
	case CAIRN_E_LIMIT:
		return "it sent a request that is longer than cairnd takes";
	case CAIRN_E_TRUNCATED:
	case CAIRN_E_NET:
		return "it ended";
	case CAIRN_E_TIMEOUT:
		return "it was too slow with a request, or with taking an answer";
	default:
		return cairn_status_text(st);
	}
}

enum cairn_status cairn_bridge_serve(const struct cairn_bridge *b, const struct cairn_channel *ch,
				     struct cairn_buf *why)
{
	enum cairn_status st = CAIRN_OK;

	while (st == CAIRN_OK) {
		cairn_auto_buf struct cairn_buf request = {0};

		st = cairn_channel_recv(ch, &request, CAIRN_AGENT_REQUEST_MAX, CAIRN_CHANNEL_PATIENT,
					b->request_ms);
		if (st == CAIRN_OK)
			st = pass(b, ch, cairn_buf_span(&request));
	}
	cairn_buf_add_fmt(why, "the other side is done with: %s", meaning(st));
	return st;
}
