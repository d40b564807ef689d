/* Hearing that domains and devices come and go: xenstored's own watches, over its socket. Nothing that it says is read, only that it
 * says something, so there is nothing here to parse; and no thread, which libxenstore's watches bring along. */
#define _GNU_SOURCE
#include "xen/hv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#define TOKEN "cairn"

static bool ask(int fd, const char *event)
{
	struct {
		struct xsd_sockmsg head;
		char body[64];
	} m = {.head = {.type = XS_WATCH}};
	int len = snprintf(m.body, sizeof(m.body), "%s%c%s", event, '\0', TOKEN) + 1;

	m.head.len = (uint32_t)len;
	size_t all = sizeof(m.head) + (size_t)len;

	return send(fd, &m, all, MSG_NOSIGNAL) == (ssize_t)all;
}

int cairn_watch_open(const char *socket_path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(socket_path) >= sizeof(to.sun_path)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	memcpy(to.sun_path, socket_path, strlen(socket_path) + 1);
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 && ask(fd, "@introduceDomain") &&
	    ask(fd, "@releaseDomain") && ask(fd, "/libxl") && ask(fd, "/local/domain/0/backend/pci"))
		return fd;
	close(fd);
	return -1;
}

bool cairn_watch_drain(int fd)
{
	uint8_t ignored[1024];
	ssize_t n;

	do
		n = recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 && errno == EAGAIN;
}
