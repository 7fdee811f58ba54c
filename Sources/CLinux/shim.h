// The Linux calls by which a process gives up what it does not need, and asks about the clock. Swift imports no variadic functions.
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

/// Sends this process a signal when the thread that started it ends. A change of user clears it.
static inline int carekeep_die_with_parent(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/// No core file, no debugger of the same user, no reading of /proc/…/mem.
static inline int carekeep_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// From now on no program that this process starts can have more rights than it has.
static inline int carekeep_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

/// Before the account is changed: its capabilities outlive the change, to be chosen from.
static inline int carekeep_keep_capabilities(void) { return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }

/// After it: of all capabilities only that to listen on ports below 1024 is left, to this thread and those it starts.
static inline int carekeep_keep_low_ports_alone(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    unsigned int ports = 1u << CAP_NET_BIND_SERVICE;
    struct __user_cap_data_struct sets[2] = {{ports, ports, 0}, {0, 0, 0}};
    return (int)syscall(SYS_capset, &header, sets);
}

/// Whether somebody keeps the kernel's clock in step: 1, 0, or -1 if it does not tell. By how much it may be wrong, in microseconds.
static inline int carekeep_clock_is_kept(long *maximum_error) {
    struct timex clock = {0};
    int state = adjtimex(&clock);
    if (state < 0) return -1;
    *maximum_error = clock.maxerror;
    return state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}
