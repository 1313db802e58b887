/** Text encoders, shared by the model families. */
package glance.model.text;
