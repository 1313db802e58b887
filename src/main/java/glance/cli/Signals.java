package glance.cli;

import sun.misc.Signal;
import sun.misc.SignalHandler;

/** Signals by their names. Where the system has no such signal, nothing happens. */
final class Signals {
    private Signals() {}

    /** Does something once, in place of what the JVM does; a second signal ends the process. */
    static void once(String name, Runnable action) {
        handle(
                name,
                received -> {
                    Signal.handle(received, SignalHandler.SIG_DFL);
                    action.run();
                });
    }

    /** Lets another process have a signal that asks for an end; this one goes on. */
    static void passOn(String name, ProcessHandle process) {
        handle(name, received -> process.destroy());
    }

    private static void handle(String name, SignalHandler handler) {
        try {
            Signal.handle(new Signal(name), handler);
        } catch (IllegalArgumentException e) {
            // -Xrs, or a system without this signal: the JVM's own way remains
        }
    }
}
