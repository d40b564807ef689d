/* The firmware's TCG event log, handed on to a dom0 that never runs Linux's EFI stub. */
#ifndef CAIRNBOOT_EVENTLOG_H
#define CAIRNBOOT_EVENTLOG_H

#include <efi.h>

/* gnu-efi 3.0.15 defines this one without the parentheses. */
#undef EFI_ERROR
#define EFI_ERROR(st) ((INTN)(st) < 0)

#define EVENTLOG_TRUNCATED EFI_END_OF_FILE

/* Copies the firmware's event log to memory that stays, registers it under the identifier that Linux looks for, and
 * arranges for the copy to be brought up to date when boot services end.
 *
 * EFI_SUCCESS      published
 * EFI_NOT_FOUND    this machine has no TPM that its firmware knows of, or the firmware keeps no log
 * EVENTLOG_TRUNCATED  the firmware had to truncate its log: nothing is published, since it cannot replay
 * others           from the firmware; nothing is published
 */
EFI_STATUS eventlog_publish(VOID);

#endif
