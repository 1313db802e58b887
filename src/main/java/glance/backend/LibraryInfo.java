package glance.backend;

/**
 * A library as a person would want to see it.
 *
 * @param kind the kind of device that it computes on
 * @param problem why it cannot be used, and what to do, or null if it can
 */
public record LibraryInfo(MathLibrary library, String kind, String problem) {}
