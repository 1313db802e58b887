/**
 * What files with parts of models are, by their names and shapes alone. The lowest package of
 * {@code model}: families and the parts that they share use it.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.part;
