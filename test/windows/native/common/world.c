/*
 * The one thing that all copies of a simulator in a process share: each copy is a machine of its own, this is the wire
 * between them.
 */
#include "port.h"
#include "world.h"

static world shared = {SIM_LOCK_INIT, NULL, NULL, 0};

API world *Sim_World(void) { return &shared; }
