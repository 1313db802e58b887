package glance.spark;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceInformation;

/**
 * What an executor works with.
 *
 * @param model the name of a model, or its folder on each node
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:1}
 * @param threads of the CPU device; 0 for the cores of the executor
 */
record Place(String model, String device, int threads) implements Serializable {
    private static final String GPU = "gpu";

    /** The device of a task: the GPU that Spark gave to it, unless it is to be another. */
    String device(Map<String, ResourceInformation> resources) {
        ResourceInformation gpus = resources.get(GPU);
        boolean isOpen = device.equals("auto") || device.equals("cuda");
        return gpus == null || !isOpen || gpus.addresses().length == 0
                ? device
                : "cuda:" + List.of(gpus.addresses()).get(0).strip();
    }

    /** Threads of the CPU device; 0 for all cores of the machine. */
    int threads(SparkConf conf) {
        return threads > 0 ? threads : conf.getInt("spark.executor.cores", 0);
    }
}
