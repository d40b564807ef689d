/* An agent on a software TPM and a hypervisor that the test plays: its domains are entries of a table, and
 * building one reads the images through the paths that xl would be given. */
#ifndef CAIRN_TESTS_AGENT_FIXTURE_H
#define CAIRN_TESTS_AGENT_FIXTURE_H

#include "agent/agent.h"
#include "tests/unit/swtpm_fixture.h"
#include "tests/unit/tcti_fixture.h"

#define FAKE_DOMAINS 1200

struct fake_hv {
	struct cairn_hv_domain domain[FAKE_DOMAINS];
	size_t count;
	uint32_t next_domid;
	/* what the next domain is like */
	enum cairn_status create_fails;	   /* after it was made */
	bool runs_early, other_type, twin; /* twin: somebody else's with the same UUID is there as well */
	const char *by_path;	   /* a toolstack that reads the kernel from there, whatever it is given */
	bool no_stub, stub_is_hvm; /* of one that has a stub domain */
	enum cairn_status list_fails, destroy_fails, probe_fails, loop_fails;
	uint32_t serving;  /* the domain that says so; 0: none */
	char devices[512]; /* of each domain, as xen/devices.h has them */
	enum cairn_status devices_fail, publish_fails;
	char kept[512]; /* the devices that were published last, and of which domain */
	uint32_t kept_domid;
	/* what was asked for */
	unsigned created, unpaused, destroyed, published, pauses, listed;
	uint32_t remembered; /* the last domid; 0: none */
	unsigned unplaced;   /* remembered with it */
	bool watched;	     /* watch_fd says when domains come or go */
	int watch_fd;
	unsigned changes; /* 1 << CAIRN_HV_... */
	void (*tick)(void *context);
	void *tick_context;
	void (*during_create)(struct fake_hv *hv); /* what happens while xl works; may be NULL */
	char text[4096]; /* of the configuration for xl; config: what xl reads in it */
	struct cairn_xlcfg config;
	struct cairn_digest file[CAIRN_XLFILES], kernel, ramdisk; /* SHA-256 of what xl would have read */
	uint32_t stub, stub_of;					  /* the last stub domain and its guest */
	unsigned loops;
	uint64_t memory_left; /* of dom0; 0: it does not say */
	/* what pygrub finds on a disk: files (ramdisk NULL: none) and words; or how it fails, and what it says */
	const char *boot_kernel, *boot_ramdisk, *boot_args, *boot_words;
	enum cairn_status extract_fails;
	unsigned extract_limit_mib;	/* as it was asked for */
	struct cairn_digest extract_of; /* SHA-256 of the disk that it was given */
};

extern const struct cairn_hv_ops fake_hv_ops; /* on a struct fake_hv */

struct agent_fixture {
	char dir[64];
	struct swtpm swtpm;
	struct fake_hv fake;
	struct cairn_key *authority;
	struct cairn_agent_config conf;
	struct cairn_agent *agent; /* NULL while stopped */
	bool tapped;		   /* set before a start: the agent reaches its TPM through tap */
	struct tcti_tap tap;
};

/* Print why and return -1 where they fail. */
int fixture_init(struct agent_fixture *f, const char *banks); /* banks NULL: a TPM without EK, all banks */
void fixture_fini(struct agent_fixture *f);
/* A reboot: nothing runs, no log, PCRs zero; then the agent starts. */
int fixture_boot(struct agent_fixture *f);
int fixture_start(struct agent_fixture *f);
void fixture_stop(struct agent_fixture *f);
/* Removes a directory with all that is in it. */
void fixture_remove(const char *dir);
/* Writes DIR/NAME and returns its path in a buffer that the next but three call overwrites. */
const char *fixture_file(struct agent_fixture *f, const char *name, const char *text);
/* A configuration of a PV domain with DIR/kernel and DIR/ramdisk, and further lines. */
const char *fixture_config(struct agent_fixture *f, const char *name, const char *more);
/* A manifest for these files, signed by key, in DIR/data/manifests/FILE. */
void fixture_manifest(struct agent_fixture *f, const char *file, const char *name, const char *role,
		      const struct cairn_key *key);
/* The same with another release number than 3. */
void fixture_release(struct agent_fixture *f, const char *file, const char *name, const char *role,
		     uint64_t release, const struct cairn_key *key);
/* The record with this number; a new reference that the caller releases. Fails the test where there is none.
 */
json_t *fixture_record(struct agent_fixture *f, uint64_t recnum);
/* Fails the test unless the TPM is where the log's replay ends. */
void fixture_assert_replays(struct agent_fixture *f);

#endif
