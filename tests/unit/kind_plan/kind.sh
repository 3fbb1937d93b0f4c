# make the container network
#   once: it fails where it was done already
#   undo: docker network rm --force mesh-chaos-nightly
docker network create --driver bridge mesh-chaos-nightly
# choose the load balancer addresses of global
ADDRESSES_0=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 3 0)
# choose the load balancer addresses of zone1
ADDRESSES_1=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 3 1)
# choose the load balancer addresses of zone2
ADDRESSES_2=$(docker network inspect mesh-chaos-nightly | mesh-chaos kind addresses 3 2)
# make the cluster mesh-chaos-nightly-global (context kind-mesh-chaos-nightly-global)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-global --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-global --image kindest/node:v1.36.1 --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-global)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-global)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_0}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# make the cluster mesh-chaos-nightly-zone1 (context kind-mesh-chaos-nightly-zone1)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-zone1 --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-zone1 --image kindest/node:v1.36.1 --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-zone1)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-zone1)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_1}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# make the cluster mesh-chaos-nightly-zone2 (context kind-mesh-chaos-nightly-zone2)
#   once: it fails where it was done already
#   undo: kind delete cluster --name mesh-chaos-nightly-zone2 --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig
KIND_EXPERIMENTAL_DOCKER_NETWORK=mesh-chaos-nightly kind create cluster --name mesh-chaos-nightly-zone2 --image kindest/node:v1.36.1 --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --wait 180s
# write one kubeconfig for all
KUBECONFIG=/state/mesh-chaos/kind/nightly/global.kubeconfig:/state/mesh-chaos/kind/nightly/zone1.kubeconfig:/state/mesh-chaos/kind/nightly/zone2.kubeconfig kubectl config view --flatten > /state/mesh-chaos/kind/nightly/kubeconfig
# check that metallb is not there in another version (context kind-mesh-chaos-nightly-zone2)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace metallb-system --deployed --failed --pending --filter '^metallb$' --output json
# install metallb 0.16.1 (context kind-mesh-chaos-nightly-zone2)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace metallb-system --install metallb metallb --repo https://metallb.github.io/metallb --version 0.16.1 --create-namespace --timeout 300s \
  --set frrk8s.enabled=false \
  --set speaker.frr.enabled=false
# wait until metallb-controller is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace metallb-system rollout status deployment/metallb-controller --timeout=300s
# wait until metallb-speaker is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace metallb-system rollout status daemonset/metallb-speaker --timeout=300s
# give MetalLB its addresses (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 apply --server-side --field-manager=mesh-chaos -f- <<END
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: IPAddressPool
spec:
  addresses:
  - ${ADDRESSES_2}
---
apiVersion: metallb.io/v1beta1
metadata:
  name: mesh-chaos
  namespace: metallb-system
kind: L2Advertisement
spec:
  ipAddressPools:
  - mesh-chaos
END
# check that kuma is not there in another version (context kind-mesh-chaos-nightly-global)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace kuma-system --deployed --failed --pending --filter '^kuma$' --output json
# install kuma 2.13.10 (context kind-mesh-chaos-nightly-global)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --kube-context kind-mesh-chaos-nightly-global --namespace kuma-system --install kuma kuma --repo https://kumahq.github.io/charts --version 2.13.10 --create-namespace --timeout 300s \
  --set controlPlane.mode=global \
  --set controlPlane.globalZoneSyncService.type=LoadBalancer
# wait until kuma-control-plane is ready (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system rollout status deployment/kuma-control-plane --timeout=300s
# wait for the address at which zones reach the global control plane (context kind-mesh-chaos-nightly-global)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system wait service/kuma-global-zone-sync '--for=jsonpath={.status.loadBalancer.ingress[0]}' --timeout=300s
KDS_ADDRESS=$(kubectl --kubeconfig /state/mesh-chaos/kind/nightly/global.kubeconfig --context kind-mesh-chaos-nightly-global --namespace kuma-system get service/kuma-global-zone-sync '-ojsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}'):5685
# check that kuma is not there in another version (context kind-mesh-chaos-nightly-zone1)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kuma-system --deployed --failed --pending --filter '^kuma$' --output json
# install kuma 2.13.10 (context kind-mesh-chaos-nightly-zone1)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kuma-system --install kuma kuma --repo https://kumahq.github.io/charts --version 2.13.10 --create-namespace --timeout 300s \
  --set controlPlane.mode=zone \
  --set controlPlane.zone=zone1 \
  --set "controlPlane.kdsGlobalAddress=grpcs://${KDS_ADDRESS}" \
  --set controlPlane.tls.kdsZoneClient.skipVerify=true \
  --set ingress.enabled=true \
  --set egress.enabled=true
# check that kong-operator is not there in another version (context kind-mesh-chaos-nightly-zone1)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kong-system --deployed --failed --pending --filter '^kong-operator$' --output json
# install kong-operator 1.3.1 (context kind-mesh-chaos-nightly-zone1)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --kube-context kind-mesh-chaos-nightly-zone1 --namespace kong-system --install kong-operator kong-operator --repo https://charts.konghq.com --version 1.3.1 --create-namespace --timeout 300s
# wait until kuma-control-plane is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kuma-system rollout status deployment/kuma-control-plane --timeout=300s
# wait until kuma-ingress is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kuma-system rollout status deployment/kuma-ingress --timeout=300s
# wait until kuma-egress is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kuma-system rollout status deployment/kuma-egress --timeout=300s
# wait until kong-operator-kong-operator-controller-manager is ready (context kind-mesh-chaos-nightly-zone1)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone1.kubeconfig --context kind-mesh-chaos-nightly-zone1 --namespace kong-system rollout status deployment/kong-operator-kong-operator-controller-manager --timeout=300s
# check that kuma is not there in another version (context kind-mesh-chaos-nightly-zone2)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kuma-system --deployed --failed --pending --filter '^kuma$' --output json
# install kuma 2.13.10 (context kind-mesh-chaos-nightly-zone2)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kuma-system --install kuma kuma --repo https://kumahq.github.io/charts --version 2.13.10 --create-namespace --timeout 300s \
  --set controlPlane.mode=zone \
  --set controlPlane.zone=zone2 \
  --set "controlPlane.kdsGlobalAddress=grpcs://${KDS_ADDRESS}" \
  --set controlPlane.tls.kdsZoneClient.skipVerify=true \
  --set ingress.enabled=true \
  --set egress.enabled=true
# check that kong-operator is not there in another version (context kind-mesh-chaos-nightly-zone2)
helm list --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kong-system --deployed --failed --pending --filter '^kong-operator$' --output json
# install kong-operator 1.3.1 (context kind-mesh-chaos-nightly-zone2)
helm upgrade --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --kube-context kind-mesh-chaos-nightly-zone2 --namespace kong-system --install kong-operator kong-operator --repo https://charts.konghq.com --version 1.3.1 --create-namespace --timeout 300s
# wait until kuma-control-plane is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kuma-system rollout status deployment/kuma-control-plane --timeout=300s
# wait until kuma-ingress is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kuma-system rollout status deployment/kuma-ingress --timeout=300s
# wait until kuma-egress is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kuma-system rollout status deployment/kuma-egress --timeout=300s
# wait until kong-operator-kong-operator-controller-manager is ready (context kind-mesh-chaos-nightly-zone2)
kubectl --kubeconfig /state/mesh-chaos/kind/nightly/zone2.kubeconfig --context kind-mesh-chaos-nightly-zone2 --namespace kong-system rollout status deployment/kong-operator-kong-operator-controller-manager --timeout=300s
