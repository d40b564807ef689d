/* A launch in the chain's tree. */
#ifndef CAIRN_CLI_CHAIN_LAUNCH_H
#define CAIRN_CLI_CHAIN_LAUNCH_H

#include "cairn/record.h"
#include "logs.h"

/* Hangs under the domain's node all that its launch record says of what runs. */
void cairn_cli_chain_launch(json_t *node, const struct cairn_launch *l);

#endif
