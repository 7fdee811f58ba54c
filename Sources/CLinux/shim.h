// The Linux calls by which a process gives up what it does not need. Swift imports no variadic functions.
#include <sys/prctl.h>

/// Sends this process a signal when the thread that started it ends. A change of user clears it.
static inline int carekeep_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/// No core file, no debugger of the same user, no reading of /proc/…/mem.
static inline int carekeep_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// From now on no program that this process starts can have more rights than it has.
static inline int carekeep_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
