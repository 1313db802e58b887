/**
 * Text encoders, shared by the model families.
 *
 * <p>Not API: may change in any release.
 */
package glance.model.text;
