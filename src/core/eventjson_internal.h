/* What the files that make JSON of event data share. */
#ifndef CAIRN_EVENTJSON_INTERNAL_H
#define CAIRN_EVENTJSON_INTERNAL_H

#include "cairn/efi.h"
#include "cairn/eventjson.h"
#include "cairn/eventtypes.h"

/* An object in the making. A member that cannot be had for want of memory makes the whole fail in the end. */
struct ej {
	json_t *object;
	struct cairn_buf *summary;
	bool failed;
};

void ej_put(struct ej *j, const char *member, json_t *value); /* takes the reference */
void ej_string(struct ej *j, const char *member, const char *utf8);
void ej_number(struct ej *j, const char *member, uint64_t n); /* past 2^63: as text, "0x..." */
void ej_hex(struct ej *j, const char *member, struct cairn_span s);
void ej_utf8(struct ej *j, const char *member, struct cairn_span bytes);
void ej_utf16(struct ej *j, const char *member, struct cairn_span utf16le);
/* MEMBER and, if it is known, MEMBER_name. */
void ej_guid(struct ej *j, const char *member, struct cairn_span guid);
/* The text of a device path; "malformed" and hex under the same name where it is not one. */
void ej_path(struct ej *j, const char *member, struct cairn_span path);
/* A new object within j->object, or within an array; summary is shared. */
struct ej ej_child(struct ej *j, const char *member);
struct ej ej_element(struct ej *j, json_t *array);
void ej_end(struct ej *parent, const struct ej *child);
void ej_say(struct ej *j, const char *utf8);
void ej_say_fmt(struct ej *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The member, a text, as part of the summary. */
void ej_say_member(struct ej *j, const char *member);

/* Fill j->object from the data of an event. Other than CAIRN_OK: it is not what it should be. */
typedef enum cairn_status ej_fn(struct ej *j, const struct cairn_event *ev);
void ej_bytes(struct ej *j, const struct cairn_event *ev); /* text if it is ASCII; eventjson.c */
bool ej_is_ascii(struct cairn_span s);			   /* printable, and not empty */
ej_fn ej_variable, ej_image, ej_blob, ej_blob2, ej_handoff, ej_handoff2, ej_gpt; /* eventjson_efi.c */
ej_fn ej_no_action, ej_ipl, ej_event_tag, ej_txt, ej_spdm;			 /* eventjson_os.c */

/* EFI_SIGNATURE_DATA of one kind or another: its type, owner, and of a certificate the subject and digest. */
void ej_signature(struct ej *j, const struct cairn_efi_signature *sig);
/* What the tag of Linux or systemd in the data of an EV_EVENT_TAG stands for; NULL: there is none. */
const char *cairn_event_tag_name(const struct cairn_event *ev);
/* S-CRTM version: text of either width up to its NUL, or a GUID. PFP 1.06 r52, section 10.4.1. */
void cairn_event_version_text(struct cairn_buf *out, struct cairn_span data);
/* The members that the content of a variable is shown as, as far as it is what it should be. */
void cairn_efi_variable_fill(struct ej *j, const struct cairn_efi_variable *v);
/* Boot0000 to BootFFFF. UEFI 2.10, section 3.3. */
bool cairn_efi_is_boot_option(const struct cairn_efi_variable *v);
/* The common name (or, without one, the whole) of the subject of a DER certificate, appended. False: none such. */
bool cairn_certificate_subject(struct cairn_buf *out, struct cairn_span der);

#endif
