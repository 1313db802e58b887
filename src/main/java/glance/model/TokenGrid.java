package glance.model;

/**
 * The size of a picture in transformer tokens.
 *
 * @param height rows of tokens
 * @param width tokens in a row
 */
public record TokenGrid(int height, int width) {
    /** Number of image tokens. */
    public int tokens() {
        return height * width;
    }
}
