/* The release set in cairnd: the newest one that an authority signed, and what it withdraws.
 *
 * It lies in DATA/release-set.jws, which is public: anything may lie there, and it is looked at again whenever it
 * changes. The highest serial number seen is kept in the TPM. Once a set was seen, no service domain is launched
 * without one that is at least as new.
 */
#ifndef CAIRN_AGENT_RELEASE_H
#define CAIRN_AGENT_RELEASE_H

#include <sys/types.h>
#include <time.h>

#include "cairn/releaseset.h"

struct cairn_agent;
struct cairn_manifest_set;

struct cairn_agent_release {
	struct cairn_release_set set; /* in force; serial 0: none is */
	uint64_t seen;		      /* the highest serial that the TPM has seen; 0: none */
	bool blind;		      /* the TPM cannot say: at the counter's index is something else */
	bool recorded;		      /* the set in force is on record */
	struct cairn_release_set_ref logged; /* the last on record in this boot; serial 0: none */
	uint64_t older;			     /* serial of the file, where that is refused for it; else 0 */
	int64_t refused_ms;		     /* when a file was last refused on record; 0: never */
	struct cairn_file_mark {	     /* of the file that was last looked at */
		dev_t dev;
		ino_t ino;
		off_t size;
		struct timespec mtime, ctime;
	} mark;
	bool looked;
	bool told; /* why this file is not in force yet */
};

/* Asks the TPM, and takes the file. After the first records of a boot. CAIRN_E_TPM*. */
enum cairn_status cairn_release_start(struct cairn_agent *a) CAIRN_MUST_CHECK;
/* Takes the file where it has changed: a newer set is in force and on record from then on, one that must not be is
 * refused on record, and what was in force stays. */
void cairn_release_look(struct cairn_agent *a);
void cairn_release_fini(struct cairn_agent_release *r);

/* cairn_manifest_select among those that the set in force does not withdraw; where one that it does withdraw would
 * allow the launch, the reasons say why it is withdrawn. */
const struct cairn_manifest *cairn_release_select(struct cairn_reasons *out, const struct cairn_agent *a,
						  const struct cairn_launch *l,
						  const struct cairn_manifest_set *all);
/* For status: {"serial","kid","sha256","seen"}, serial 0 where none is in force; null where none ever was. */
json_t *cairn_release_json(const struct cairn_agent *a);

#endif
