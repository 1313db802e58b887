package glance.formula;

/** The result of an operation, element by element, in any arithmetic. */
@FunctionalInterface
public interface Formula {
    /** The elements, row-major, each computed when it is asked for; for any threads at once. */
    Elements in(Arithmetic m);
}
