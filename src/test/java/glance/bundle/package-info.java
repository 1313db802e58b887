/**
 * Programs that {@code scripts/gpu-bundle} packs beside the engine, for a host that has a GPU and
 * no JDK: parts of the test suite that need no test framework.
 */
package glance.bundle;
