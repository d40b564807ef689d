/* Event types beyond those of eventlog.h, for those who say what events mean.
 *
 * Sources: TCG PC Client Platform Firmware Profile (PFP) 1.06 r52, section 10.4.1; Intel TXT Software Development
 * Guide, document 315168 revision 017, appendix F; tboot 1.11, include/tboot; Linux, arch/x86/boot/compressed/
 * sl_main.c (Secure Launch).
 */
#ifndef CAIRN_EVENTTYPES_H
#define CAIRN_EVENTTYPES_H

#include "cairn/eventlog.h"

#define CAIRN_EV_UNUSED			     0x02u
#define CAIRN_EV_CPU_MICROCODE		     0x09u
#define CAIRN_EV_PLATFORM_CONFIG_FLAGS	     0x0au
#define CAIRN_EV_TABLE_OF_DEVICES	     0x0bu
#define CAIRN_EV_COMPACT_HASH		     0x0cu
#define CAIRN_EV_IPL_PARTITION_DATA	     0x0eu
#define CAIRN_EV_NONHOST_CODE		     0x0fu
#define CAIRN_EV_NONHOST_CONFIG		     0x10u
#define CAIRN_EV_NONHOST_INFO		     0x11u
#define CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS     0x12u
#define CAIRN_EV_POST_CODE2		     0x13u
#define CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB  0x80000008u
#define CAIRN_EV_EFI_HANDOFF_TABLES	     0x80000009u
#define CAIRN_EV_EFI_PLATFORM_FIRMWARE_BLOB2 0x8000000au
#define CAIRN_EV_EFI_HANDOFF_TABLES2	     0x8000000bu
#define CAIRN_EV_EFI_VARIABLE_BOOT2	     0x8000000cu
#define CAIRN_EV_EFI_GPT_EVENT2		     0x8000000du
#define CAIRN_EV_EFI_HCRTM_EVENT	     0x80000010u
#define CAIRN_EV_EFI_VARIABLE_AUTHORITY	     0x800000e0u
#define CAIRN_EV_EFI_SPDM_FIRMWARE_BLOB	     0x800000e1u
#define CAIRN_EV_EFI_SPDM_FIRMWARE_CONFIG    0x800000e2u
#define CAIRN_EV_EFI_SPDM_DEVICE_POLICY	     0x800000e3u
#define CAIRN_EV_EFI_SPDM_DEVICE_AUTHORITY   0x800000e4u
#define CAIRN_EVTYPE_PCR_MAPPING	     0x401u
#define CAIRN_EVTYPE_HASH_START		     0x402u
#define CAIRN_EVTYPE_COMBINED_HASH	     0x403u
#define CAIRN_EVTYPE_MLE_HASH		     0x404u
#define CAIRN_EVTYPE_BIOSAC_REG_DATA	     0x40au
#define CAIRN_EVTYPE_CPU_SCRTM_STAT	     0x40bu
#define CAIRN_EVTYPE_LCP_CONTROL_HASH	     0x40cu
#define CAIRN_EVTYPE_ELEMENTS_HASH	     0x40du
#define CAIRN_EVTYPE_STM_HASH		     0x40eu
#define CAIRN_EVTYPE_OSSINITDATA_CAP_HASH    0x40fu
#define CAIRN_EVTYPE_SINIT_PUBKEY_HASH	     0x410u
#define CAIRN_EVTYPE_LCP_HASH		     0x411u
#define CAIRN_EVTYPE_LCP_DETAILS_HASH	     0x412u
#define CAIRN_EVTYPE_LCP_AUTHORITIES_HASH    0x413u
#define CAIRN_EVTYPE_NV_INFO_HASH	     0x414u
#define CAIRN_EVTYPE_COLD_BOOT_BIOS_HASH     0x415u
#define CAIRN_EVTYPE_KM_HASH		     0x416u
#define CAIRN_EVTYPE_BPM_HASH		     0x417u
#define CAIRN_EVTYPE_KM_INFO_HASH	     0x418u
#define CAIRN_EVTYPE_BPM_INFO_HASH	     0x419u
#define CAIRN_EVTYPE_BOOT_POL_HASH	     0x41au
#define CAIRN_EVTYPE_RANDOM_VALUE	     0x4feu
#define CAIRN_EVTYPE_CAP_VALUE		     0x4ffu
#define CAIRN_EVTYPE_TBOOT		     0x501u
#define CAIRN_EVTYPE_SLAUNCH		     0x502u
#define CAIRN_EVTYPE_SLAUNCH_START	     0x503u
#define CAIRN_EVTYPE_SLAUNCH_END	     0x504u

/* A type that cairn_event_type_name has a name for. */
bool cairn_event_type_known(uint32_t type);

/* By its prefix, what the data of an event of GRUB is, and what follows the prefix: also in the form of Red Hat's older
 * GRUB, which cairn_event_grub_text does not know. */
enum cairn_grub_text cairn_grub_text_of(struct cairn_span *text, struct cairn_span data);

/* How cairn_event_check came to its result. */
struct cairn_event_checked {
	enum cairn_event_check result;
	const char *rule; /* what the digests are of ("the data"...); why not, in a few words */
	bool error;	  /* a separator that reports an error of the firmware */
	bool section;	  /* the name of a section of a unified kernel image, as systemd-stub measures it */
	bool unnamed;	  /* a variable of which the content was hashed, and not the name */
};

/* The rules are a table, a row for each type, in eventcheck.c. Events whose digests the specifications want to be
 * H(data) match or differ; others match if they are, and are bare (CAIRN_EVENT_UNCHECKED) if not. An event that
 * matches some of its digests and not others differs. Digests of algorithms that OpenSSL lacks are not looked at;
 * CAIRN_E_UNSUPPORTED where it lacks them all. CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
enum cairn_status cairn_event_check_how(struct cairn_event_checked *out,
					const struct cairn_event *ev) CAIRN_MUST_CHECK;

#endif
