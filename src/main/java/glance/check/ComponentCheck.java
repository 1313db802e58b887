package glance.check;

import glance.ops.Ops;

/** Runs one kind of component on the inputs of a case and compares the results. */
@FunctionalInterface
interface ComponentCheck {
    void run(CaseFolder folder, Ops ops);
}
