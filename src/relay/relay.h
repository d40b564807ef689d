/* cairn-relay: carries evidence from cairnd to the server, and the answers back. It sees nothing secret and
 * is trusted with nothing: a relay that lies can only keep a host from being trusted.
 */
#ifndef CAIRN_RELAY_RELAY_H
#define CAIRN_RELAY_RELAY_H

#include "cairn/config.h"
#include "cairn/json.h"
#include "relay/channel.h"
#include "relay/http.h"

#define CAIRN_RELAY_CONF "/etc/cairn/relay.conf"

struct cairn_relay_config {
	struct cairn_config *file; /* owns the strings */
	const char *server, *ca, *socket, *user;
	const char *vchan;     /* "DOMID/NODE": cairnd is reached over this and not by its socket; or NULL */
	const char *state_dir; /* NULL: unsent evidence is kept in memory only */
	char label[128];
	unsigned interval_s, retry_max_s;
};

/* Reads and checks a configuration file. CAIRN_E_USAGE and the others of cairn_config_read, with a message in
 * why. */
enum cairn_status cairn_relay_config_load(struct cairn_relay_config *out, const char *path,
					  struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_relay_config_fini(struct cairn_relay_config *c);
/* "0/local/domain/0/cairn/relay": the domain that offers a vchan, and the node from the slash on, which points into text.
 * CAIRN_E_USAGE. */
enum cairn_status cairn_relay_vchan_parse(uint32_t *domid, const char **node,
					  const char *text) CAIRN_MUST_CHECK;

struct cairn_relay {
	const struct cairn_relay_config *config;
	const struct cairn_channel *agent; /* borrowed; NULL: each request opens config->socket */
	bool agent_lost;		   /* agent is of no more use */
	struct cairn_client *http;
	json_t *identity;    /* cairnd's answer; NULL until asked */
	json_t *nonce;	     /* {"nonce","verifier_kid"} for the next evidence, or NULL */
	json_t *pending;     /* evidence that the server has not answered yet, or NULL */
	bool pending_is_old; /* it was made in an earlier round */
};

enum cairn_status cairn_relay_init(struct cairn_relay *r, const struct cairn_relay_config *c,
				   const struct cairn_channel *agent, struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_relay_fini(struct cairn_relay *r);

/* One round: enrols where the server does not know the host, sends evidence, takes the next nonce. CAIRN_OK:
 * *answer is a new reference to the server's ({"state","reasons",...}). Otherwise a sentence is in why; what
 * was made and not sent is kept for the next round. */
enum cairn_status cairn_relay_round(json_t **answer, struct cairn_relay *r,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Identity, MakeCredential by the server, ActivateCredential by cairnd, proof. A host that is enrolled
 * already goes through the same. CAIRN_E_EXISTS: label or keys are another's. */
enum cairn_status cairn_relay_enrol(struct cairn_relay *r, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* Asks cairnd who this is, once. */
enum cairn_status cairn_relay_identity(struct cairn_relay *r, struct cairn_buf *why) CAIRN_MUST_CHECK;
/* cairnd and server calls that look at the answer too. *answer is a new reference. */
enum cairn_status cairn_relay_ask_agent(json_t **answer, struct cairn_relay *r, json_t *request,
					struct cairn_buf *why) CAIRN_MUST_CHECK;
enum cairn_status cairn_relay_ask_server(json_t **answer, struct cairn_relay *r, const char *path,
					 const json_t *body, struct cairn_buf *why) CAIRN_MUST_CHECK;

/* Becomes the user for good, if this is root. CAIRN_E_NOTFOUND, CAIRN_E_USAGE (it is root), CAIRN_E_IO. */
enum cairn_status cairn_relay_drop(const char *user, struct cairn_buf *why) CAIRN_MUST_CHECK;

/* A line on standard error, escaped. */
void cairn_relay_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds until try number `failures` (1...): 1 s doubling up to max_s, the second half of it random. */
unsigned cairn_relay_backoff_ms(unsigned failures, unsigned max_s, uint32_t random);

#endif
