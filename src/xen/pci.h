/* PCI devices: who they are, as the kernel of dom0 read it from their configuration space. */
#ifndef CAIRN_XEN_PCI_H
#define CAIRN_XEN_PCI_H

#include "cairn/record.h"

#define CAIRN_PCI_DEVICES "/sys/bus/pci/devices"

/* Fills the identity of a device, not how it is given away; bdf is borrowed. devices: CAIRN_PCI_DEVICES.
 * CAIRN_E_NOTFOUND: there is no such device. CAIRN_E_IO, CAIRN_E_MALFORMED: it does not say who it is. */
enum cairn_status cairn_pci_identify(struct cairn_pci_device *out, const char *devices,
				     const char *bdf) CAIRN_MUST_CHECK;

#endif
