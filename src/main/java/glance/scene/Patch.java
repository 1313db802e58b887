package glance.scene;

/**
 * How much of each pixel an object covers.
 *
 * @param width columns
 * @param height rows
 * @param cover 0 to 1, row by row
 * @param left first column that is covered anywhere
 * @param top first row that is
 * @param right column after the last that is
 * @param bottom row after the last that is
 */
record Patch(int width, int height, float[] cover, int left, int top, int right, int bottom) {
    /** A patch with its bounds. */
    static Patch of(int width, int height, float[] cover) {
        int left = width;
        int top = height;
        int right = 0;
        int bottom = 0;
        for (int i = 0; i < cover.length; i++) {
            if (cover[i] > 0) {
                left = Math.min(left, i % width);
                top = Math.min(top, i / width);
                right = Math.max(right, i % width + 1);
                bottom = Math.max(bottom, i / width + 1);
            }
        }
        return new Patch(width, height, cover, left, top, right, bottom);
    }

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
