package glance.api;

/** Where adapters act while guidance compares two velocities. */
public enum AdapterSide {
    /** Under the prompt and under the negative prompt. */
    BOTH,
    /** Under the prompt alone: guidance leads away from what the model draws without them, too. */
    POSITIVE
}
