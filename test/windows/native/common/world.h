#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "port.h"

typedef struct {
  sim_lock lock;
  /* What the simulators hang in here: the groups and the publications that exist anywhere. */
  void *groups, *publications;
  uint64_t last_id;
} world;

world *Sim_World(void);

#endif
