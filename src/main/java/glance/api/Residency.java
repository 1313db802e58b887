package glance.api;

/** Which parts of a model stay on the device when they are not at work. */
public enum Residency {
    /** All, as far as the memory allows: the text encoders give way first. */
    RESIDENT,

    /** One part at a time: the peak is the largest part. */
    STREAM
}
