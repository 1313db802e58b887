package glance.compare.scene;

/**
 * How much of each pixel an object covers.
 *
 * @param width columns
 * @param height rows
 * @param cover 0 to 1, row by row
 */
record Patch(int width, int height, float[] cover) {
    double area() {
        double sum = 0;
        for (float value : cover) {
            sum += value;
        }
        return sum;
    }

    /** Centre of gravity: x and y. */
    double[] centroid() {
        double x = 0;
        double y = 0;
        double sum = 0;
        for (int i = 0; i < cover.length; i++) {
            x += cover[i] * (i % width + 0.5);
            y += cover[i] * (i / width + 0.5);
            sum += cover[i];
        }
        return new double[] {x / sum, y / sum};
    }
}
