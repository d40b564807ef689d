/* A domain builder that no toolstack knows of: libxenctrl alone, no xenstore, no libxl, no name. What it builds is a
 * container of 64 KiB in which one instruction jumps to itself. For tests of cairnd on the emulated host.
 *
 *	rawbuild run SECONDS	builds it, lets it run, and says what becomes of it within that time
 *	rawbuild wait SECONDS	builds it and leaves it paused for that time
 *	rawbuild flash		builds it, lets it run for 20 ms, destroys it
 *
 * Prints "domid N", and for run "NAME MS CPU_US": when the hypervisor said so for the first time, counted from the
 * unpause, and the CPU time that the domain had used by then. NAME is paused, or gone; "running" at the end. */
#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xen/hvm/save.h>

#define CODE_GFN 1
#define PAGES	 16
#define PAGING	 (4u << 20)

static const uint8_t code[] = {0xeb, 0xfe}; /* jmp . */

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* 32-bit protected mode without paging, all segments flat (xen/include/public/arch-x86/hvm/start_info.h asks the same). */
static int set_registers(xc_interface *xc, uint32_t domid)
{
	static uint8_t all[1 << 16];
	struct {
		struct hvm_save_descriptor head_is;
		struct hvm_save_header head;
		struct hvm_save_descriptor cpu_is;
		struct hvm_hw_cpu cpu;
		struct hvm_save_descriptor end_is;
		struct hvm_save_end end;
	} c;

	if (xc_domain_hvm_getcontext(xc, domid, all, sizeof(all)) < 0)
		return -1;
	memset(&c, 0, sizeof(c));
	memcpy(&c.head_is, all, sizeof(c.head_is) + sizeof(c.head));
	c.cpu_is = (struct hvm_save_descriptor){.typecode = HVM_SAVE_CODE(CPU), .length = sizeof(c.cpu)};
	c.end_is = (struct hvm_save_descriptor){.typecode = HVM_SAVE_CODE(END)};
	c.cpu.cs_limit = c.cpu.ds_limit = c.cpu.es_limit = c.cpu.ss_limit = ~0u;
	c.cpu.fs_limit = c.cpu.gs_limit = ~0u;
	c.cpu.tr_limit = 0x67;
	c.cpu.cs_arbytes = 0xc9b;
	c.cpu.ds_arbytes = c.cpu.es_arbytes = c.cpu.ss_arbytes = 0xc93;
	c.cpu.fs_arbytes = c.cpu.gs_arbytes = 0xc93;
	c.cpu.tr_arbytes = 0x8b;
	c.cpu.cr0 = 0x11; /* PE, ET */
	c.cpu.dr6 = 0xffff0ff0;
	c.cpu.dr7 = 0x400;
	c.cpu.rip = CODE_GFN << XC_PAGE_SHIFT;
	/* The end is a descriptor alone. */
	return xc_domain_hvm_setcontext(xc, domid, (uint8_t *)&c, offsetof(__typeof__(c), end));
}

static int load_code(xc_interface *xc, uint32_t domid)
{
	xen_pfn_t gfn[PAGES];

	for (unsigned i = 0; i < PAGES; i++)
		gfn[i] = i;
	if (xc_domain_populate_physmap_exact(xc, domid, PAGES, 0, 0, gfn) != 0)
		return -1;
	void *page = xc_map_foreign_range(xc, domid, XC_PAGE_SIZE, PROT_READ | PROT_WRITE, CODE_GFN);

	if (!page)
		return -1;
	memcpy(page, code, sizeof(code));
	return munmap(page, XC_PAGE_SIZE);
}

static const char *build(xc_interface *xc, uint32_t *domid)
{
	struct xen_domctl_createdomain d = {
	    .flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
	    .max_vcpus = 1,
	    .max_evtchn_port = 63,
	    .max_grant_frames = 1,
	    .max_maptrack_frames = 0,
	    .grant_opts = XEN_DOMCTL_GRANT_version(1),
	    .arch = {.emulation_flags = XEN_X86_EMU_LAPIC},
	};

	for (unsigned i = 0; i < sizeof(d.handle); i++)
		d.handle[i] = (uint8_t)(0xa0 + i);
	*domid = 0;
	if (xc_domain_create(xc, domid, &d) != 0)
		return "create";
	printf("domid %u\n", *domid);
	fflush(stdout);
	if (xc_domain_max_vcpus(xc, *domid, 1) != 0 || xc_domain_setmaxmem(xc, *domid, 1024) != 0)
		return "limits";
	if (xc_set_paging_mempool_size(xc, *domid, PAGING) != 0)
		return "paging";
	if (load_code(xc, *domid) != 0)
		return "memory";
	return set_registers(xc, *domid) == 0 ? NULL : "registers";
}

static void say(const char *what, int64_t since, uint64_t cpu_ns)
{
	printf("%s %lld %llu\n", what, (long long)(now_us() - since) / 1000,
	       (unsigned long long)cpu_ns / 1000);
	fflush(stdout);
}

static void watch(xc_interface *xc, uint32_t domid, long seconds)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int64_t start = now_us();
	uint64_t cpu = 0;
	int was_paused = 0;

	while (now_us() - start < seconds * 1000000) {
		xc_domaininfo_t i;

		if (xc_domain_getinfolist(xc, domid, 1, &i) != 1 || i.domain != domid ||
		    i.flags & XEN_DOMINF_dying) {
			say("gone", start, cpu);
			return;
		}
		cpu = i.cpu_time;
		if (!was_paused && i.flags & XEN_DOMINF_paused)
			say("paused", start, cpu);
		was_paused |= (i.flags & XEN_DOMINF_paused) != 0;
		nanosleep(&pause, NULL);
	}
	if (!was_paused)
		say("running", start, cpu);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	uint32_t domid = 0;
	xc_interface *xc = xc_interface_open(NULL, NULL, 0);

	if (!xc || argc < 2)
		return 2;
	const char *failed = build(xc, &domid);

	if (!failed && strcmp(what, "wait") != 0 && xc_domain_unpause(xc, domid) != 0)
		failed = "unpause";
	if (failed) {
		perror(failed);
		xc_domain_destroy(xc, domid);
		return 1;
	}
	if (strcmp(what, "run") == 0)
		watch(xc, domid, seconds);
	else if (strcmp(what, "wait") == 0)
		sleep((unsigned)seconds);
	else
		usleep(20000);
	xc_domain_destroy(xc, domid);
	xc_interface_close(xc);
	return 0;
}
