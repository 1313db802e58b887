package glance.model.autoencoderkl;

import glance.ops.Ops;

/** One stage of the autoencoder: gives up x [batch, height, width, channels] for its result. */
@FunctionalInterface
interface Layer {
    Strips forward(Ops ops, Strips x);
}
