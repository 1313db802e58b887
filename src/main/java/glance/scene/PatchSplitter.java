package glance.scene;

import java.util.ArrayList;
import java.util.List;

/** Cuts a patch into parts around centres (k-means), for objects of one colour that touch. */
final class PatchSplitter {
    private static final int ROUNDS = 20;

    private PatchSplitter() {}

    static List<Patch> split(Patch patch, int parts) {
        double[][] centres = start(patch, parts);
        int[] owners = new int[patch.cover().length];
        for (int round = 0; round < ROUNDS; round++) {
            double[][] sums = new double[parts][3];
            for (int i = 0; i < owners.length; i++) {
                owners[i] = nearest(centres, i, patch.width());
                double weight = patch.cover()[i];
                sums[owners[i]][0] += weight * (i % patch.width());
                sums[owners[i]][1] += weight * (i / patch.width());
                sums[owners[i]][2] += weight;
            }
            for (int k = 0; k < parts; k++) {
                if (sums[k][2] > 0) {
                    centres[k] = new double[] {sums[k][0] / sums[k][2], sums[k][1] / sums[k][2]};
                }
            }
        }
        List<Patch> result = new ArrayList<>();
        for (int k = 0; k < parts; k++) {
            float[] cover = new float[owners.length];
            for (int i = 0; i < owners.length; i++) {
                cover[i] = owners[i] == k ? patch.cover()[i] : 0;
            }
            result.add(Patch.of(patch.width(), patch.height(), cover));
        }
        return result;
    }

    /** Each the covered pixel that is farthest from those before it. */
    private static double[][] start(Patch patch, int parts) {
        double[][] centres = new double[parts][];
        double[] centroid = patch.centroid();
        for (int k = 0; k < parts; k++) {
            double farthest = -1;
            for (int i = 0; i < patch.cover().length; i++) {
                if (patch.cover()[i] < 0.5) {
                    continue;
                }
                double[] here = {i % patch.width(), i / patch.width()};
                double distance = k == 0 ? squared(here, centroid) : closest(centres, k, here);
                if (distance > farthest) {
                    farthest = distance;
                    centres[k] = here;
                }
            }
        }
        return centres;
    }

    private static double closest(double[][] centres, int count, double[] here) {
        double best = Double.MAX_VALUE;
        for (int k = 0; k < count; k++) {
            best = Math.min(best, squared(centres[k], here));
        }
        return best;
    }

    private static int nearest(double[][] centres, int pixel, int width) {
        double[] here = {pixel % width, pixel / width};
        int best = 0;
        for (int k = 1; k < centres.length; k++) {
            best = squared(centres[k], here) < squared(centres[best], here) ? k : best;
        }
        return best;
    }

    private static double squared(double[] a, double[] b) {
        return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
    }
}
